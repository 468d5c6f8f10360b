import { type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findTool } from './tools.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Shorter than a test may take, so that a step that hangs fails by its own name. In ms. */
const STEP_TIMEOUT_MS = 30_000;

/** One page in a browser profile of its own, and its requests. */
export interface TestPage extends AsyncDisposable {
  readonly page: Page;
  /** Every `host:port` that was asked for anything so far, WebSockets included. */
  readonly hosts: ReadonlySet<string>;
  /** Uncaught exceptions and console errors of the page, as text: a page that works has none. */
  readonly faults: readonly string[];
}

/** A headless Chromium. Disposing of it closes every page it opened. */
export interface TestBrowser extends AsyncDisposable {
  /** Opens an empty page; options as Playwright's (viewport, colorScheme, reducedMotion ...). */
  open(options?: BrowserContextOptions): Promise<TestPage>;
}

/** Starts the Chromium found on PATH. Without one it throws an error that names the package to install. */
export async function launchBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({ executablePath: findTool('chromium'), headless: true, args: FLAGS });
  return {
    open: async (options = {}) => recorded(await browser.newContext({ locale: 'en-GB', ...options })),
    [Symbol.asyncDispose]: () => browser.close(),
  };
}

async function recorded(context: BrowserContext): Promise<TestPage> {
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  const hosts = new Set<string>();
  const faults: string[] = [];
  context.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol === 'http:' || protocol === 'https:') hosts.add(host);
  });
  const page = await context.newPage();
  page.on('websocket', (socket) => hosts.add(new URL(socket.url()).host));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  return { page, hosts, faults, [Symbol.asyncDispose]: () => context.close() };
}
