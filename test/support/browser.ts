import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
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

/** A headless Chromium, and the pages that were opened through this object. Disposing of it closes them. */
export interface TestBrowser extends AsyncDisposable {
  /** Opens an empty page; options as Playwright's (viewport, colorScheme, reducedMotion ...). */
  open(options?: BrowserContextOptions): Promise<TestPage>;
}

/** The Chromium of this process. To start one takes more CPU than most tests in it. */
let running: Promise<Browser> | undefined;

/**
 * Starts the Chromium found on PATH, unless this process has started it: test files that share a process share it, and
 * it ends with the process. Without one it throws an error that names the package to install.
 */
export async function launchBrowser(): Promise<TestBrowser> {
  running ??= start();
  const browser = await running;
  const opened = new Set<TestPage>();
  return {
    open: async (options = {}) => {
      const page = await recorded(await browser.newContext({ locale: 'en-GB', ...options }));
      opened.add(page);
      return page;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(Array.from(opened, (page) => page[Symbol.asyncDispose]()));
    },
  };
}

/** Ends the Chromium of this process, for a script that is to end by itself. */
export async function endBrowser(): Promise<void> {
  await (await running)?.close();
}

/** Playwright ends the browser when this process exits or receives a signal. */
async function start(): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: findTool('chromium'), headless: true, args: FLAGS });
  browser.once('disconnected', () => {
    running = undefined;
  });
  return browser;
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
