import { afterAll, beforeAll, describe, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { fault, result, words } from '../../support/page-results.ts';
import { startScriptedGateway } from '../../support/scripted-gateway.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const TITLES = {
  TASK_NOT_FOUND: 'No such task',
  FORBIDDEN: 'Not your task',
  BAD_USER_INPUT: 'That is not a task id',
  UPSTREAM_UNAVAILABLE: 'A2E is not answering',
  UPSTREAM_RATE_LIMITED: 'A2E asks for patience',
  UPSTREAM_BAD_RESPONSE: 'A2E gave an odd answer',
  TOO_MANY_SUBSCRIPTIONS: 'Too many at once',
  RATE_LIMITED: 'Too fast',
  OPERATION_TOO_COMPLEX: 'Not allowed here',
  DOCUMENT_NOT_TRUSTED: 'Not allowed here',
  INTERNAL_SERVER_ERROR: 'Something went wrong',
  SOMETHING_NEW: 'Something went wrong',
};

describe.concurrent('the watch page', () => {
  it('reconnects after a cut, says so, and keeps the last state meanwhile', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => {
      if (gateway.calls.length === 1) call.next(result('a'));
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, '40 %');
    gateway.calls[0]?.cut();
    await words(tab.page, /Connection lost\. Reconnecting.* Showing the last known state\./);
    expect(await tab.page.locator('.percent').textContent()).toBe('40 %');
    await expect.poll(() => gateway.calls.length, { timeout: 40_000 }).toBe(2);
    gateway.calls[1]?.next(result('a', { progress: 55 }));
    await words(tab.page, '55 %');
    expect(await tab.page.locator('#connection').isVisible()).toBe(false);
  });

  it('goes back to a WebSocket when the upgrade fails once, as at a draining gateway', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => call.next(result('a')), {
      websocket: (upgrade) => upgrade !== 2,
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, '40 %');
    gateway.calls[0]?.cut();
    await expect.poll(() => gateway.calls.length, { timeout: 40_000 }).toBe(2);
    expect(gateway.calls.map(({ overWebSocket }) => overWebSocket)).toEqual([true, true]);
  });

  it('closes its connection at the end and does not come back', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => {
      call.next(result('a', { status: 'FAIL', rawStatus: 'fail', finished: true, message: 'No face was found.' }));
      call.complete();
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, 'No face was found.');
    expect(await tab.page.title()).toBe('Failed · a');
    await gateway.calls[0]?.closed;
    expect(gateway.calls).toHaveLength(1);
  });

  it('waits as long as a full gateway asks, and tries at once when told to', async ({ expect }) => {
    await using gateway = await startScriptedGateway(
      (call) => {
        if (gateway.calls.length <= 1) call.refuse(503, null, { 'retry-after': '60' });
        else call.next(result('a'));
      },
      { websocket: false },
    );
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, 'It takes no new live views at the moment. Reconnecting within 1 min.');
    await tab.page.getByRole('button', { name: 'Try now' }).click();
    await words(tab.page, '40 %');
    expect(await tab.page.locator('#notice').isVisible()).toBe(false);
  });

  it('says every error in words and offers another try', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => {
      call.next(fault(call.id));
      call.complete();
    });
    await using tab = await browser.open();
    for (const [code, title] of Object.entries(TITLES)) {
      await tab.page.goto(`${gateway.url}?id=${code}`);
      await tab.page.getByRole('heading', { name: title }).waitFor();
      const before = gateway.calls.length;
      await tab.page.getByRole('button', { name: 'Try again' }).click();
      await expect.poll(() => gateway.calls.length).toBe(before + 1);
    }
  });

  it('refuses a malformed id before it subscribes, and follows the history', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)));
    await using tab = await browser.open();
    await tab.page.goto(gateway.url);
    const field = tab.page.getByLabel('Task id');
    await field.fill(' ');
    await field.press('Enter');
    await words(tab.page, 'Paste a task id first.');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    for (const bad of ['../x', '-a', 'a!b', 'é', 'a'.repeat(129)]) {
      await field.fill(bad);
      await field.press('Enter');
      await words(tab.page, /^A task id has 1 to 128 letters/);
      expect(await field.getAttribute('aria-invalid')).toBe('true');
    }
    expect(gateway.calls).toHaveLength(0);
    for (const id of ['one', 'two']) {
      await field.fill(` ${id} `);
      await field.press('Enter');
      await expect.poll(() => tab.page.title()).toBe(`Processing 40 % · ${id}`);
      expect(tab.page.url()).toBe(`${gateway.url}?id=${id}`);
    }
    await tab.page.goBack();
    await expect.poll(() => tab.page.title()).toBe('Processing 40 % · one');
    await tab.page.goBack();
    await expect.poll(() => tab.page.title()).toBe('Watch a video task');
    expect(await tab.page.locator('#tasks').isVisible()).toBe(false);
    expect(tab.faults).toEqual([]);
  });

  it('shows the same error for a malformed id in the address and in the field', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)));
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a!b`);
    await words(tab.page, /^A task id has 1 to 128 letters/);
    expect(await tab.page.title()).toBe('That is not a task id · Watch a video task');
    const field = tab.page.getByLabel('Task id');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await tab.page.evaluate('document.activeElement.id')).toBe('id');
    await field.fill('a');
    await field.press('Enter');
    await expect.poll(() => tab.page.title()).toBe('Processing 40 % · a');
    expect(await field.getAttribute('aria-invalid')).toBe('false');
    await tab.page.goBack();
    await expect.poll(() => tab.page.title()).toBe('That is not a task id · Watch a video task');
  });

  it('shows markup as text and uses no address but http(s)', async ({ expect }) => {
    const markup = '<img src=x onerror=alert(1)>';
    await using gateway = await startScriptedGateway((call) => {
      const ending = { status: 'SUCCESS', finished: true, message: markup, resultUrl: 'javascript:alert(1)' };
      call.next(result('a', { ...ending, statusDescription: markup }));
      call.complete();
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await tab.page.locator('.message', { hasText: markup }).waitFor();
    expect(await tab.page.locator('img, video, a[href^="javascript"]').count()).toBe(0);
  });

  it('names each field and its value, also an unknown one', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => {
      const at = new Date().toISOString();
      const stages = [{ status: 'SUCCESS', enteredAt: at, leftAt: null }];
      call.next(result('a', { status: 'SUCCESS', rawStatus: 'success', finished: true, createdAt: null, stages }));
      call.complete();
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, 'not known (finished before this gateway looked)');
    expect(await tab.page.getByRole('term').allTextContents()).toEqual(['Took', 'Created', 'Last update']);
    const values = await tab.page.getByRole('definition').allTextContents();
    expect(values.slice(0, 2)).toEqual(['not known (finished before this gateway looked)', 'not known']);
    expect(await tab.page.getByRole('definition').getByRole('timer').count()).toBe(1);
  });

  it('shows that an announced check in the past brought no change', async ({ expect }) => {
    let proceed = () => {};
    await using gateway = await startScriptedGateway((call) => {
      call.next(result('a', { nextCheckAt: new Date(Date.now() + 60_000).toISOString() }));
      proceed = () => call.next(result('a', { nextCheckAt: new Date(Date.now() - 1000).toISOString() }));
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, /^\d+\ss ago, next check in (1\smin|\d+\ss)$/);
    proceed();
    await words(tab.page, /^\d+\ss ago, no change since$/);
    expect(await tab.page.getByRole('progressbar', { name: 'Progress' }).getAttribute('value')).toBe('40');
    expect(await tab.page.locator('[aria-current="step"] .name').textContent()).toBe('Processing');
    expect(await tab.page.getByRole('status').allTextContents()).toEqual(['Processing.']);
  });
});
