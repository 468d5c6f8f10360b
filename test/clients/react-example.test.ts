import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway.ts';
import { type BuiltExample, buildReactExample, packagesOfExample } from '../support/react-example.ts';

let browser: TestBrowser;
let example: BuiltExample;
beforeAll(async () => {
  [browser, example] = await Promise.all([launchBrowser(), buildReactExample()]);
});
afterAll(() => Promise.all([browser[Symbol.asyncDispose](), example[Symbol.asyncDispose]()]));

/** Counts the sockets of a page, and the subscriptions that it starts on all of them. */
function countSubscriptions(page: Page): { sockets: number; subscriptions: number } {
  const counts = { sockets: 0, subscriptions: 0 };
  page.on('websocket', (socket) => {
    counts.sockets += 1;
    socket.on('framesent', ({ payload }) => {
      if (String(payload).includes('"type":"subscribe"')) counts.subscriptions += 1;
    });
  });
  return counts;
}

const card = (page: Page, id: string) => page.getByRole('article', { name: id, exact: true });

const status = (page: Page, id: string, text: string) =>
  card(page, id).getByRole('status').filter({ hasText: text }).waitFor();

test('examples/react asks for the versions that it is tested with', async () => {
  for (const { name, asked, installed } of await packagesOfExample()) expect([name, asked]).toEqual([name, installed]);
});

test('examples/react shows a list of videos live on one subscription, whatever fails meanwhile', async () => {
  await using simulator = await startSimulator();
  const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', PORT: `${await freePort()}` };
  await using page = await example.serve(`http://127.0.0.1:${env.PORT}`);
  await using tab = await browser.open();
  const counts = countSubscriptions(tab.page);
  simulator.setTask('first', { status: 'process', process: 30 });
  simulator.setTask('second', { status: 'pending' });
  {
    await using _gateway = await startGateway(env);
    await tab.page.goto(`${page.url}?id=first&id=second&id=missing`);
    await status(tab.page, 'first', 'Processing');
    await status(tab.page, 'second', 'Queued');
    await status(tab.page, 'missing', 'A2E knows no task');
    expect(await tab.page.getByRole('list', { name: 'Videos' }).getByRole('article').count()).toBe(3);
    const progress = card(tab.page, 'first').getByRole('progressbar', { name: 'first' });
    expect(await progress.getAttribute('value')).toBe('30');
    expect(await card(tab.page, 'first').locator('[aria-current="step"]').textContent()).toBe('Processing');
    simulator.setTask('first', { status: 'process', process: 70 });
    await card(tab.page, 'first').getByText('70 %').waitFor();
    expect(await progress.getAttribute('value')).toBe('70');
    simulator.fault({ kind: 'status', status: 502, times: 'always' });
    await status(tab.page, 'first', 'last known state');
    await status(tab.page, 'second', 'last known state');
    simulator.clearFaults();
    await card(tab.page, 'first').getByText('last known state').waitFor({ state: 'detached' });
    expect(counts).toEqual({ sockets: 1, subscriptions: 1 });
    expect(tab.faults).toEqual([]);
  }
  await tab.page.getByRole('status').filter({ hasText: 'Offline' }).waitFor();
  await status(tab.page, 'first', 'Processing');
  simulator.setTask('first', { status: 'success' });
  await using _again = await startGateway(env);
  await tab.page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  await status(tab.page, 'first', 'Ready');
  const video = card(tab.page, 'first').locator('video');
  expect(await video.getAttribute('src')).toContain(simulator.url);
  expect(await video.getAttribute('preload')).toBe('none');
  expect([...tab.hosts]).toEqual([new URL(page.url).host]);
  expect(counts.subscriptions).toBe(2);

  simulator.setTask('third', { status: 'fail', msg: 'Face not detected' });
  await tab.page.getByLabel('Task id').fill('third');
  await tab.page.keyboard.press('Enter');
  await status(tab.page, 'third', 'Failed, Face not detected');
});

test('examples/react says that it was refused, and forgets this with the next subscription', async () => {
  await using simulator = await startSimulator();
  const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', PORT: `${await freePort()}` };
  await using _gateway = await startGateway(env);
  await using page = await example.serve(`http://127.0.0.1:${env.PORT}`);
  await using tab = await browser.open();
  let refusals = 1;
  await tab.page.routeWebSocket(/graphql/, async (socket) => {
    if (refusals-- > 0) await socket.close({ code: 4403, reason: 'Forbidden' });
    else socket.connectToServer();
  });
  simulator.setTask('first', { status: 'pending' });
  simulator.setTask('second', { status: 'pending' });
  await tab.page.goto(`${page.url}?id=first`);
  const alert = tab.page.getByRole('alert');
  await alert.filter({ hasText: '4403' }).waitFor();
  await tab.page.getByRole('status').filter({ hasText: 'Refused by the gateway' }).waitFor();
  await tab.page.getByLabel('Task id').fill('second');
  await tab.page.keyboard.press('Enter');
  await alert.waitFor({ state: 'detached' });
  await tab.page.getByRole('status').filter({ hasText: 'Live' }).waitFor();
  await status(tab.page, 'second', 'Queued');
});
