import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { launchBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { testClient } from './client-suite.ts';
import type { Observer } from './subscriber.ts';
import { WATCH, type WatchData } from './subscription.ts';

/** A call of `report` in a page. */
interface Report {
  readonly data?: WatchData;
  readonly error?: string;
  readonly complete?: true;
}

/** StrictMode mounts each component twice in React's development build alone. */
const DEVELOPMENT = { 'process.env.NODE_ENV': '"development"' };

let browser: TestBrowser;
let script = '';

beforeAll(async () => {
  browser = await launchBrowser();
  const entryPoints = [join(import.meta.dirname, 'strict-mode-page.tsx')];
  const { outputFiles } = await build({
    entryPoints,
    bundle: true,
    write: false,
    jsx: 'automatic',
    define: DEVELOPMENT,
  });
  script = outputFiles[0]?.text ?? '';
});

afterAll(() => browser[Symbol.asyncDispose]());

/** Opens a page of the gateway, without a script of its own, whose `report` reaches the observer. */
async function openPage(url: string, observer: Observer): Promise<TestPage> {
  const opened = await browser.open();
  await opened.page.exposeFunction('report', ({ data, error, complete }: Report) => {
    if (data) observer.next(data.taskStatus);
    if (error !== undefined) observer.error(error);
    if (complete) observer.complete();
  });
  await opened.page.goto(`${url}/healthz`);
  return opened;
}

const REACT = 'Apollo Client 4, React 19 in StrictMode, Chromium';

testClient(REACT, { cut: 'resumes', restart: 'resumes' }, async (url, id, observer) => {
  const opened = await openPage(url, observer);
  await opened.page.evaluate((task) => {
    document.body.dataset['task'] = task;
  }, id);
  await opened.page.addScriptTag({ content: script });
  return opened;
});

testClient('EventSource, Chromium', { cut: 'resumes', restart: 'resumes' }, async (url, id, observer) => {
  const opened = await openPage(url, observer);
  await opened.page.evaluate(
    ({ query, variables }) => {
      const events = new EventSource(`/graphql?${new URLSearchParams({ query, variables })}`);
      events.addEventListener('next', ({ data }) => globalThis.report(JSON.parse(data)));
      events.addEventListener('complete', () => {
        events.close();
        globalThis.report({ complete: true });
      });
      events.addEventListener('error', () => {
        if (events.readyState === EventSource.CLOSED) globalThis.report({ error: 'closed' });
      });
    },
    { query: WATCH, variables: JSON.stringify({ id }) },
  );
  return opened;
});
