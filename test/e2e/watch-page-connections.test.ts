import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { startGateway } from '../support/gateway.ts';
import { result, words } from '../support/page-results.ts';
import { startScriptedGateway } from '../support/scripted-gateway.ts';
import { UpgradeRefusingProxy } from '../support/upgrade-refusing-proxy.ts';

const ID = '652630d6bae4de626f8b49ec';
/** The page has to notice a silent connection by then, in ms. */
const NOTICED_MS = 30_000;

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const percent = (page: Page, value: number) => page.locator('.percent', { hasText: `${value} %` }).waitFor();

describe.concurrent('the connections of the watch page', () => {
  it('keeps ten tabs and GraphiQL beside them live, also when the first tab closes', async ({ expect }) => {
    await using simulator = await startSimulator();
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' });
    await using tab = await browser.open();
    simulator.setTask(ID, { status: 'process', process: 10 });
    const tabs = [tab.page];
    while (tabs.length < 10) tabs.push(await tab.page.context().newPage());
    for (const page of tabs) await page.goto(`${gateway.url}/?id=${ID}`);
    const graphiql = await tab.page.context().newPage();
    const text = `subscription { taskStatus(id: "${ID}") { progress } }`;
    await graphiql.goto(`${gateway.url}/graphql?${new URLSearchParams({ query: text })}`);
    await graphiql.getByRole('button', { name: /^Execute query/ }).click();
    const answer = (value: number) => graphiql.locator('.result-window', { hasText: `"progress": ${value}` }).waitFor();
    await Promise.all([...tabs.map((page) => percent(page, 10)), answer(10)]);
    simulator.setTask(ID, { status: 'process', process: 40 });
    await Promise.all([...tabs.map((page) => percent(page, 40)), answer(40)]);
    await tabs.shift()?.close();
    simulator.setTask(ID, { status: 'process', process: 70 });
    await Promise.all([...tabs.map((page) => percent(page, 70)), answer(70)]);
    expect(gateway.counts()).toMatchObject({ watches: 1, connections: 10 });
  });

  it('asks by queries where it may have neither a WebSocket nor a stream', async ({ expect }) => {
    await using simulator = await startSimulator({ tokens: ['token-of-one'] });
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, AUTH_MODE: 'passthrough' });
    await using proxy = await UpgradeRefusingProxy.start(gateway.url);
    await using tab = await browser.open();
    simulator.setTask(ID, { status: 'process', process: 10 });
    // As over plain HTTP from another machine.
    await tab.page.addInitScript("Object.defineProperty(Navigator.prototype, 'locks', { value: undefined })");
    await tab.page.goto(`${proxy.url}/?id=${ID}&id=later`);
    await tab.page.getByLabel('Access token').fill('token-of-one');
    await tab.page.keyboard.press('Enter');
    await percent(tab.page, 10);
    await tab.page.getByRole('article', { name: 'No such task later' }).waitFor();
    simulator.setTask('later', { status: 'fail', msg: 'No face was found.' });
    await tab.page.getByRole('article', { name: 'Failed later' }).waitFor();
    expect(gateway.counts().connections).toBe(0);
    simulator.fault({ kind: 'status', status: 502, times: 'always' });
    await words(tab.page, /^Last check failed; /);
    simulator.clearFaults();
    simulator.setTask(ID, { status: 'fail' });
    await expect.poll(() => tab.page.title()).toMatch(/^2 of 2 finished/);
  });

  it('keeps apart the data and the tokens of two tabs', async ({ expect }) => {
    await using simulator = await startSimulator({ tokens: ['token-of-one', 'token-of-two'] });
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, AUTH_MODE: 'passthrough' });
    await using tab = await browser.open();
    const pages = [tab.page, await tab.page.context().newPage()];
    const tokens = ['token-of-one', 'token-of-two'];
    simulator.setTask('task-0', { status: 'process', process: 11 });
    simulator.setTask('task-1', { status: 'process', process: 22 });
    for (const [index, page] of pages.entries()) {
      await page.goto(`${gateway.url}/?id=task-${index}`);
      await page.getByLabel('Access token').fill(tokens[index] ?? '');
      await page.keyboard.press('Enter');
      await percent(page, 11 * (index + 1));
    }
    const stored = 'JSON.stringify([location.href, {...localStorage}, {...sessionStorage}, document.cookie])';
    for (const page of pages) expect(await page.evaluate(stored)).not.toMatch(/token-of/);
    expect(await pages[0]?.locator('body').textContent()).not.toContain('22 %');
    expect(await pages[1]?.locator('body').textContent()).not.toContain('11 %');
    for (const [index, token] of tokens.entries()) {
      expect(simulator.countFor(`task-${index}`, token)).toBeGreaterThan(0);
      expect(simulator.countFor(`task-${1 - index}`, token)).toBe(0);
    }
  });

  it('notices a silent connection, says so, and recovers by itself', async ({ expect }) => {
    await using simulator = await startSimulator();
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' });
    await using proxy = await faultProxy({ port: Number(new URL(gateway.url).port) });
    await using tab = await browser.open();
    simulator.setTask(ID, { status: 'process', process: 10 });
    await tab.page.goto(`http://127.0.0.1:${proxy.port}/?id=${ID}`);
    await percent(tab.page, 10);
    proxy.inject({ kind: 'black-hole' });
    const since = performance.now();
    simulator.setTask(ID, { status: 'process', process: 70 });
    await words(tab.page, /^Connection lost\. .*Showing the last known state\.$/);
    expect(performance.now() - since).toBeLessThan(NOTICED_MS);
    expect(await tab.page.locator('.update').textContent()).toMatch(/ ago$/);
    proxy.inject({ kind: 'none' });
    await percent(tab.page, 70);
    await tab.page.locator('#connection').waitFor({ state: 'hidden' });
  });

  it('notices a silent event stream too, where upgrades are refused', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)), { websocket: false });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, '40 %');
    const since = performance.now();
    await words(tab.page, /^Connection lost\. /);
    expect(performance.now() - since).toBeLessThan(NOTICED_MS);
    await expect.poll(() => gateway.calls.length).toBe(2);
  });

  it('shows no warning on a connection that brings heartbeats alone', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)));
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, /no change since$/);
    // Three times the silence after which the page pings.
    await expect.poll(() => tab.page.locator('.update').textContent()).toMatch(/^1[6-9]\ss ago, no change since$/);
    expect(gateway.calls).toHaveLength(1);
  });
});

// Not beside the tests above, because ten tabs take the whole of a small machine.
it('keeps ten tabs and GraphiQL live behind a proxy that refuses upgrades', async () => {
  await using simulator = await startSimulator();
  await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' });
  await using proxy = await UpgradeRefusingProxy.start(gateway.url);
  await using tab = await browser.open();
  simulator.setTask(ID, { status: 'process', process: 10 });
  const tabs = [tab.page];
  while (tabs.length < 10) tabs.push(await tab.page.context().newPage());
  for (const page of tabs) {
    await page.goto(`${proxy.url}/?id=${ID}`);
    await percent(page, 10);
  }
  const graphiql = await tab.page.context().newPage();
  const text = `query { videoTask(id: "${ID}") { progress } }`;
  await graphiql.goto(`${proxy.url}/graphql?${new URLSearchParams({ query: text })}`);
  await graphiql.getByRole('button', { name: /^Execute query/ }).click();
  await graphiql.locator('.result-window', { hasText: '"progress": 10' }).waitFor();
  expect(proxy.refused).toBeGreaterThanOrEqual(10);
  expect(gateway.counts()).toMatchObject({ watches: 1, connections: 3 });
  simulator.setTask(ID, { status: 'process', process: 40 });
  await Promise.all(tabs.map((page) => percent(page, 40)));
  const { streams } = proxy;
  await tabs.shift()?.close();
  await expect.poll(() => proxy.streams, { timeout: 30_000 }).toBeGreaterThan(streams);
  await expect.poll(() => gateway.counts().connections).toBe(3);
  simulator.setTask(ID, { status: 'fail', msg: 'No face was found.' });
  await Promise.all(tabs.map((page) => words(page, 'No face was found.')));
});
