import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { setup as installClients } from '../clients/install.ts';
import { endBrowser, launchBrowser, type TestBrowser } from '../support/browser.ts';
import { buildReactExample } from '../support/react-example.ts';
import { IMAGE_SIZE, imagePath, SCHEMES } from './images.ts';
import { ROOT } from './markdown.ts';
import { playStatusScene } from './status-scene.ts';

const DEMO = join(ROOT, 'src/demo.ts');

/** The time limit of one step in ms: a demo task reaches its video after about 40 s. */
const STEP_TIMEOUT_MS = 90_000;

/** A page to take a screenshot of. */
interface Shot {
  /** The first part of the file's name. */
  readonly name: string;
  /** The address of the page, of the addresses of the gateway and of `examples/react`. */
  readonly url: (gateway: string, react: string) => string;
  /** Brings the page into the state that the screenshot shows: a task in progress. */
  readonly prepare: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: 'watch-page', url: (gateway) => `${gateway}/?id=demo-success`, prepare: untilMostIsDone },
  { name: 'graphiql', url: (gateway) => `${gateway}/graphql`, prepare: watchInGraphiql },
  { name: 'react', url: (_, react) => react, prepare: listInReact },
];

async function untilMostIsDone(page: Page): Promise<void> {
  await page.getByText(/^[67]\d %$/).waitFor();
}

async function watchInGraphiql(page: Page): Promise<void> {
  await page.locator('.graphiql-query-editor').getByText('subscription').waitFor();
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await page.getByRole('button', { name: /^Stop query/ }).waitFor();
  await page
    .locator('.result-window')
    .getByText(/^[67]\d$/)
    .waitFor();
}

/** The demo task `fail` has failed when `success` is at 60 %. */
async function listInReact(page: Page): Promise<void> {
  await page.getByText('Failed', { exact: false }).first().waitFor();
  await page
    .getByRole('article', { name: 'demo-success' })
    .getByText(/^[67]\d %$/)
    .waitFor();
}

/** Starts the demo as a process, which ends when the result is disposed of. */
async function startDemo(): Promise<AsyncDisposable & { readonly url: string }> {
  const { PATH = '' } = process.env;
  const demo = spawn(process.execPath, [DEMO], { env: { PATH, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  const exit = once(demo, 'exit');
  const [line] = await once(createInterface({ input: demo.stdout }), 'line');
  return {
    url: String(line).replace('listening on ', ''),
    [Symbol.asyncDispose]: async () => {
      demo.kill('SIGTERM');
      await exit;
    },
  };
}

async function take(browser: TestBrowser, shot: Shot, url: string, colorScheme: 'light' | 'dark'): Promise<void> {
  await using tab = await browser.open({ viewport: IMAGE_SIZE, deviceScaleFactor: 1, colorScheme });
  tab.page.setDefaultTimeout(STEP_TIMEOUT_MS);
  await tab.page.goto(url);
  await shot.prepare(tab.page);
  await tab.page.screenshot({ path: join(ROOT, imagePath(shot.name, colorScheme)) });
}

async function takeStatusPage(browser: TestBrowser): Promise<void> {
  await using scene = await playStatusScene();
  const prepare = async (page: Page): Promise<void> => {
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByRole('heading', { name: 'All is well' }).waitFor();
  };
  const shot: Shot = { name: 'status-page', url: (gateway) => `${gateway}/status`, prepare };
  for (const scheme of SCHEMES) await take(browser, shot, shot.url(scene.url, ''), scheme);
}

installClients();
await using example = await buildReactExample();
await using stack = new AsyncDisposableStack();
stack.defer(endBrowser);
const browser = stack.use(await launchBrowser());
await takeStatusPage(browser);
for (const shot of SHOTS) {
  // A demo of its own, because a demo task begins when it is first asked for.
  await using demo = await startDemo();
  await using react = await example.serve(demo.url);
  const url = shot.url(demo.url, react.url);
  await Promise.all(SCHEMES.map((scheme) => take(browser, shot, url, scheme)));
}
