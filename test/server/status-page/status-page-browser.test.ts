import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Gateway } from '../../../src/gateway.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { type FaultProxy, faultProxy } from '../../support/fault-proxy.ts';
import { startGateway } from '../../support/gateway.ts';
import { connect, type WsClient } from '../../support/ws-client.ts';

/** A narrow phone, by WCAG 2, success criterion 1.4.10. */
const NARROW = { width: 320, height: 640 };

/** Runs in the page: the texts with less contrast against their ground than WCAG 2, success criterion 1.4.3, asks for. */
const FAINT_TEXTS = `(() => {
  const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = ([red, green, blue]) => [red, green, blue]
    .map((part) => part / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4))
    .reduce((sum, share, index) => sum + share * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = channels(getComputedStyle(one).backgroundColor);
      if (colour[3] !== 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: parent, textContent: text } = walker.currentNode;
    if (text.trim() === '' || !parent.checkVisibility({ visibilityProperty: true })) continue;
    const [dark, light] = [channels(getComputedStyle(parent).color), ground(parent)].map(luminance).sort((a, b) => a - b);
    if ((light + 0.05) / (dark + 0.05) < 4.5) faint.push(text);
  }
  return faint;
})()`;

let browser: TestBrowser;
let simulator: Simulator;
let gateway: Gateway;
let client: WsClient;
let proxy: FaultProxy;
const stack = new AsyncDisposableStack();

beforeAll(async () => {
  browser = stack.use(await launchBrowser());
  simulator = stack.use(await startSimulator({ autoCreate: () => ({ timeline: 'churn' }) }));
  const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' };
  gateway = stack.use(await startGateway(env, { statusPage: { onFirstPort: true, everyMs: 250 } }));
  proxy = stack.use(await faultProxy({ port: Number(new URL(gateway.url).port) }));
  client = stack.use(await connect(gateway.url));
});
afterAll(() => stack.disposeAsync());

/** Waits for the verdict, or for a problem. */
const shown = (page: Page, words: string) => page.getByRole('heading', { name: words, exact: true }).waitFor();
const figure = (page: Page, name: string) =>
  page.locator('#figures > div', { has: page.getByText(name, { exact: true }) }).locator('.value');

test('the page is live, names an outage and its end, and survives a lost connection, in light and dark', async () => {
  await using light = await browser.open({ colorScheme: 'light' });
  await using dark = await browser.open({ colorScheme: 'dark', viewport: NARROW, reducedMotion: 'reduce' });
  const tabs = [light, dark];
  await light.page.goto(`http://127.0.0.1:${proxy.port}/status`);
  await dark.page.goto(`${gateway.url}/status`);
  for (const { page } of tabs) {
    await page.getByText('Live', { exact: true }).waitFor();
    await expect.poll(() => figure(page, 'Viewers').textContent()).toBe('0');
  }

  client.subscribe('1', 'subscription { taskStatus(id: "task-1") { id } }');
  client.subscribe('2', 'subscription { taskStatus(id: "task-1") { id status } }');
  for (const { page } of tabs) {
    await expect.poll(() => figure(page, 'Viewers').textContent()).toBe('2');
    await expect.poll(() => figure(page, 'Calls saved by sharing').textContent()).toMatch(/ %$/);
    await expect.poll(() => page.locator('#charts .lines .path-1').first().getAttribute('d')).toMatch(/^M.*L/);
    const chart = page.getByRole('img', { name: /^Viewers, subscriptions: open now 2, between 0 and 2$/ });
    await chart.waitFor({ state: 'attached' });
    const circuits = page.getByRole('img', {
      name: /^Circuits, tokens: open now 0, .*; token refused now 0, .*; paused now 0, /,
    });
    await circuits.waitFor({ state: 'attached' });
    await page.getByRole('img', { name: /^Redis, % of the time: away now 0, / }).waitFor({ state: 'attached' });
    expect(await page.getByRole('article').count()).toBe(await page.getByRole('img').count());
    expect(await page.evaluate(FAINT_TEXTS)).toEqual([]);
  }
  expect(await dark.page.evaluate('document.documentElement.scrollWidth')).toBe(NARROW.width);
  const card = dark.page.getByRole('article', { name: 'Viewers' });
  await card.getByText('As a table').click();
  await card.getByRole('rowheader', { name: '0', exact: true }).waitFor();

  await client.messages.find(({ type }) => type === 'next');
  simulator.setDown(true);
  for (const { page } of tabs) {
    await shown(page, 'A2E does not answer');
    await expect.poll(() => figure(page, 'A2E').textContent()).toBe('Away');
    expect(await page.title()).toContain('✕ ');
    expect(await page.evaluate(FAINT_TEXTS)).toEqual([]);
  }
  simulator.setDown(false);
  for (const { page } of tabs) {
    await page.getByRole('heading', { name: 'A2E does not answer' }).waitFor({ state: 'detached' });
    await expect.poll(() => figure(page, 'A2E').textContent()).toBe('Answers');
  }

  proxy.inject({ kind: 'black-hole' });
  await light.page.getByText(/^Connection lost, reconnecting\. Figures are \d+ s old$/).waitFor();
  proxy.inject({ kind: 'none' });
  await light.page.getByText('Live', { exact: true }).waitFor();

  for (const { page, hosts, faults } of tabs) {
    expect([...hosts]).toEqual([new URL(page.url()).host]);
    expect(faults).toEqual([]);
  }
});
