import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser, type TestBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway.ts';

const ID = '652630d6bae4de626f8b49ec';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

/** Waits until the heading of the task says this. */
const heading = (page: Page, name: string) => page.locator('.status', { hasText: name }).waitFor();

/** Lets the browser render three times, so that a fetch that the page begins by itself has begun. */
async function threeFrames(page: Page): Promise<void> {
  for (let frame = 0; frame < 3; frame += 1) await page.evaluate('new Promise(requestAnimationFrame)');
}

/** Plays the video as its viewer does. The promise of `play` can outlast the test, so no test waits for it. */
const play = (page: Page) => page.evaluate('void document.querySelector("video").play().catch(() => {})');

/** Waits until the page has the metadata of its video. */
const untilVideoLoads = (page: Page) =>
  vi.waitFor(
    async () => expect(await page.evaluate('document.querySelector("video")?.readyState')).toBeGreaterThanOrEqual(1),
    { timeout: 20_000 },
  );

describe.concurrent('the watch page on the real gateway', () => {
  it('follows a task through its stages to the video, and asks no other host unless the viewer plays it', async () => {
    await using simulator = await startSimulator();
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' });
    await using tab = await browser.open();
    const { page } = tab;
    simulator.setTask(ID, { status: 'init' });
    await page.goto(gateway.url);
    await page.getByLabel('Task id').fill(ID);
    await page.getByRole('button', { name: 'Watch' }).click();
    await heading(page, 'Initialised');
    for (const [status, name] of [
      ['start', 'Sent'],
      ['pending', 'Queued'],
      ['process', 'Processing'],
    ] as const) {
      simulator.setTask(ID, { status });
      await heading(page, name);
      expect(await page.locator('[aria-current="step"] .name').textContent()).toBe(name);
    }
    for (const progress of [10, 70]) {
      simulator.setTask(ID, { status: 'process', process: progress });
      await page.locator('.percent', { hasText: `${progress} %` }).waitFor();
      expect(await page.getByRole('progressbar').getAttribute('value')).toBe(String(progress));
      expect(await page.title()).toBe(`Processing ${progress} % · ${ID}`);
    }
    simulator.setTask(ID, { status: 'copy' });
    await heading(page, 'Saving');
    expect([...tab.hosts]).toEqual([new URL(gateway.url).host]);
    simulator.setTask(ID, { status: 'success' });
    await heading(page, 'Ready');
    expect(await page.locator('video').getAttribute('preload')).toBe('none');
    await threeFrames(page);
    expect([...tab.hosts]).toEqual([new URL(gateway.url).host]);
    await play(page);
    await untilVideoLoads(page);
    expect(await page.locator('video').getAttribute('src')).toBe(await page.locator('.result a').getAttribute('href'));
    expect(await page.locator('.stages .done').count()).toBe(6);
    expect(await page.locator('.stages time').count()).toBe(6);
    // The finished video lies on the simulator, which stands for A2E's storage. The page requests no other host.
    expect([...tab.hosts].sort()).toEqual([new URL(gateway.url).host, new URL(simulator.url).host].sort());
    expect(tab.faults).toEqual([]);
  });

  it('plays a video that arrives long after the page asks for it', async () => {
    await using simulator = await startSimulator();
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' });
    await using tab = await browser.open();
    const { page } = tab;
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    await page.route(`${simulator.url}/results/**`, async (route) => {
      await released;
      await route.continue();
    });
    simulator.setTask(ID, { status: 'success' });
    await page.goto(`${gateway.url}/?id=${ID}`);
    await heading(page, 'Ready');
    await play(page);
    const loaded = untilVideoLoads(page);
    // The wait above looks more than once while the video is held back.
    await threeFrames(page);
    expect(await page.evaluate('document.querySelector("video").readyState')).toBe(0);
    release();
    await loaded;
    expect(tab.faults).toEqual([]);
  });

  it('says in words that a task does not exist, and why a task failed', async () => {
    await using simulator = await startSimulator();
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}/?id=nothing-here`);
    await tab.page.getByRole('heading', { name: 'No such task' }).waitFor();
    simulator.setTask(ID, { status: 'fail', msg: 'Face not detected' });
    await tab.page.goto(`${gateway.url}/?id=${ID}`);
    await heading(tab.page, 'Failed');
    expect(await tab.page.locator('.message').textContent()).toBe('Face not detected');
    expect(await tab.page.locator('.stages .failed .name').textContent()).toBe('Failed');
  });

  it('marks the state as stale while A2E fails, and says when it is back', async () => {
    await using simulator = await startSimulator();
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' });
    await using tab = await browser.open();
    simulator.setTask(ID, { status: 'process', process: 30 });
    await tab.page.goto(`${gateway.url}/?id=${ID}`);
    await heading(tab.page, 'Processing');
    const stale = tab.page.getByText(/^Last check failed; showing the last known state, from .+ ago\.$/);
    simulator.fault({ kind: 'status', status: 502, times: 'always' });
    await stale.waitFor();
    expect(await tab.page.locator('.percent').textContent()).toBe('30 %');
    simulator.clearFaults();
    await stale.waitFor({ state: 'hidden' });
    await tab.page.locator('#announcement', { hasText: 'Up to date again.' }).waitFor({ state: 'attached' });
  });

  it('asks for the token where one is needed, and goes on with it', async () => {
    await using simulator = await startSimulator({ tokens: ['mine'] });
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, AUTH_MODE: 'passthrough' });
    await using tab = await browser.open();
    simulator.setTask(ID, { status: 'process', process: 30 });
    await tab.page.goto(`${gateway.url}/?id=${ID}`);
    const field = tab.page.getByLabel('Access token');
    await field.fill('stolen');
    await field.press('Enter');
    await tab.page.locator('#access-reason', { hasText: 'This token was refused or has expired.' }).waitFor();
    await field.fill('mine');
    await field.press('Enter');
    await heading(tab.page, 'Processing');
    simulator.setTask(ID, { status: 'success' });
    await heading(tab.page, 'Ready');
    expect(simulator.countFor(ID, 'mine')).toBeGreaterThan(0);
    expect(tab.page.url()).not.toContain('mine');
  });

  it('lives through a restart of the gateway', async () => {
    await using simulator = await startSimulator();
    const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', PORT: `${await freePort()}` };
    await using tab = await browser.open();
    simulator.setTask(ID, { status: 'process', process: 30 });
    {
      await using gateway = await startGateway(env);
      await tab.page.goto(`${gateway.url}/?id=${ID}`);
      await heading(tab.page, 'Processing');
    }
    await tab.page.getByText(/Reconnecting.* Showing the last known state\./).waitFor();
    simulator.setTask(ID, { status: 'success' });
    await using _again = await startGateway(env);
    await heading(tab.page, 'Ready');
  });
});
