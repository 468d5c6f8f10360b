import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { launchBrowser, type TestBrowser, type TestPage } from '../support/browser.ts';
import { type Pair, startPair } from '../support/gateway.ts';
import { untilIdle } from '../support/until-idle.ts';

/** Ten states on ten calls, then success: the task of GraphiQL's example. */
const EXAMPLE_ID = 'YOUR_TASK_ID';
const STEPS = [
  { status: 'init', forCalls: 2 },
  { status: 'process', progress: [0, 99], forCalls: 8 },
  { status: 'success' },
] as const;

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const play = (page: Page) => page.click('.graphiql-execute-button');
const responseOf = async (page: Page) =>
  (await page.locator('.graphiql-response').textContent())?.replaceAll('\u00a0', ' ');
const responseHas = (page: Page, text: string) =>
  vi.waitFor(async () => expect(await responseOf(page)).toContain(text), { timeout: 20_000 });

it('runs its example, a subscription, to the end over WebSocket and asks no other host', async () => {
  await using pair = await startPair();
  pair.simulator.addTask(EXAMPLE_ID, { timeline: STEPS });
  await using tab = await browser.open();
  const frames: string[] = [];
  tab.page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
  await tab.page.goto(`${pair.gateway.url}/graphql`);
  await play(tab.page);
  await responseHas(tab.page, '"SUCCESS"');
  await untilIdle(pair.gateway);
  await expect.poll(() => frames.at(-1)).toMatch(/"type":"complete"/);
  expect(frames.filter((frame) => frame.includes('"type":"next"')).length).toBeGreaterThanOrEqual(3);
  expect([...tab.hosts]).toEqual([new URL(pair.gateway.url).host]);
  expect(tab.faults).toEqual([]);
});

it('sends the headers of the editor with a subscription, keeps them in memory, and reports a missing token', async () => {
  await using pair = await startPair({ A2E_API_TOKEN: '' }, { tokens: ['my-token'] });
  pair.simulator.addTask(EXAMPLE_ID, { timeline: STEPS });
  await using tab = await browser.open();
  await tab.page.goto(`${pair.gateway.url}/graphql`);
  await responseHas(tab.page, 'UNAUTHENTICATED');
  await play(tab.page);
  await responseHas(tab.page, 'A token is needed');
  await tab.page.click('.graphiql-editor-tools >> text=Headers');
  await tab.page.click('.graphiql-editor-tool .monaco-editor >> visible=true');
  await tab.page.keyboard.insertText('{ "Authorization": "Bearer my-token" }');
  await play(tab.page);
  await responseHas(tab.page, '"SUCCESS"');
  expect(await tab.page.evaluate(() => JSON.stringify(globalThis.localStorage))).not.toMatch(/my-token/);
});

/** Loading GraphiQL takes more CPU than all that these tests do with it. */
describe('on one page', () => {
  let pair: Pair;
  let tab: TestPage;
  beforeAll(async () => {
    pair = await startPair();
    pair.simulator.setTask('done', { status: 'success' });
    tab = await browser.open();
    await tab.page.goto(`${pair.gateway.url}/graphql`);
    await tab.page.waitForSelector('.graphiql-query-editor .view-line');
  });
  afterAll(async () => {
    await tab[Symbol.asyncDispose]();
    await pair[Symbol.asyncDispose]();
  });

  it('runs the query of its second tab', async () => {
    pair.simulator.setTask(EXAMPLE_ID, { status: 'process', process: 42 });
    await tab.page.click('.graphiql-tab >> text=Look');
    await play(tab.page);
    await responseHas(tab.page, '"videoTask"');
    await responseHas(tab.page, '42');
  });

  it('runs the operation of the visible tab, even right after a change of the tab', async () => {
    await tab.page.click('.graphiql-tab >> nth=0');
    pair.simulator.setTask(EXAMPLE_ID, { status: 'process', process: 57 });
    await tab.page.evaluate(() => {
      globalThis.document.querySelector<HTMLElement>('.graphiql-tab-button[title=Look]')?.click();
      globalThis.document.querySelector<HTMLElement>('.graphiql-execute-button')?.click();
    });
    await responseHas(tab.page, '57');
  });

  it.each([
    [
      'a fragment before a subscription on one line',
      'fragment F on VideoTask { status } subscription { taskStatus(id: "done") { ...F } }',
    ],
    [
      'a number sign inside a string',
      'query A { videoTask(id: "#") { id } } subscription B { taskStatus(id: "done") { status } }',
    ],
    ['the word subscription inside a query', '{ subscription: videoTask(id: "done") { status } }'],
  ])('chooses the transport of %s', async (_name, text) => {
    const result = await tab.page.evaluate(
      (query) =>
        new Promise((resolve) => {
          const operationName = query.includes('subscription B') ? 'B' : undefined;
          const fetched = (globalThis as unknown as { gatewayFetcher: Fetcher }).gatewayFetcher({
            query,
            operationName,
          });
          if ('subscribe' in fetched) fetched.subscribe({ next: resolve });
          else void fetched.then(resolve);
        }),
      text,
    );
    expect(JSON.stringify(result)).toContain('"SUCCESS"');
  });
});

type Fetcher = (params: {
  query: string;
  operationName: string | undefined;
}) => { subscribe: (sink: { next: (result: unknown) => void }) => void } | Promise<unknown>;
