import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { IMAGE_SIZE, imagePath, SCHEMES } from './images.ts';
import { ROOT } from './markdown.ts';

const DEMO = join(ROOT, 'src/demo.ts');

/** The time limit of one step in ms: a demo task reaches its video after about 40 s. */
const STEP_TIMEOUT_MS = 60_000;

/** A page to take a screenshot of. */
interface Shot {
  /** The first part of the file's name. */
  readonly name: string;
  /** The path of the page at the gateway. */
  readonly path: string;
  /** Brings the page into the state that the screenshot shows: a task in progress. */
  readonly prepare: (page: Page) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: 'watch-page', path: '/?id=demo-success', prepare: (page) => page.getByText(/^6\d %$/).waitFor() },
  { name: 'graphiql', path: '/graphql', prepare: watchInGraphiql },
];

async function watchInGraphiql(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Execute query/ }).click();
  await page.locator('.result-window').getByText(/^6\d$/).waitFor();
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

async function take(browser: TestBrowser, url: string, shot: Shot, colorScheme: 'light' | 'dark'): Promise<void> {
  await using tab = await browser.open({ viewport: IMAGE_SIZE, deviceScaleFactor: 1, colorScheme });
  tab.page.setDefaultTimeout(STEP_TIMEOUT_MS);
  await tab.page.goto(new URL(shot.path, url).href);
  await shot.prepare(tab.page);
  await tab.page.screenshot({ path: join(ROOT, imagePath(shot.name, colorScheme)) });
}

await using demo = await startDemo();
await using browser = await launchBrowser();
// All at once, because they watch the same task.
await Promise.all(SCHEMES.flatMap((scheme) => SHOTS.map((shot) => take(browser, demo.url, shot, scheme))));
