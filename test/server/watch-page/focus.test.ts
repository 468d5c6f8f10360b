import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { fault, result, words } from '../../support/page-results.ts';
import { startScriptedGateway } from '../../support/scripted-gateway.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

/** The id of the element with the keyboard focus; empty for the body. */
const focused = (page: Page) => page.evaluate<string>('document.activeElement.id');

describe('the keyboard focus on the watch page', () => {
  it('stays with the notice of another try, and goes on to the task', async () => {
    await using gateway = await startScriptedGateway((call) => {
      if (gateway.calls.length === 1) call.next(fault('UPSTREAM_UNAVAILABLE'));
    });
    await using tab = await browser.open();
    const { page } = tab;
    await page.goto(`${gateway.url}?id=a`);
    await page.getByRole('button', { name: 'Try again' }).press('Enter');
    await page.getByRole('heading', { name: 'Looking it up' }).waitFor();
    expect(await focused(page)).toBe('notice');
    await expect.poll(() => gateway.calls.length).toBe(2);
    gateway.calls[1]?.next(fault('UPSTREAM_UNAVAILABLE'));
    const again = page.getByRole('button', { name: 'Try again' });
    await again.waitFor();
    expect(await focused(page)).toBe('notice');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('retry');
    await page.keyboard.press('Enter');
    await expect.poll(() => gateway.calls.length).toBe(3);
    gateway.calls[2]?.next(result('a'));
    await words(page, '40 %');
    expect(await focused(page)).toBe('tasks');
    expect(await page.locator('#tasks').evaluate((task) => task.matches(':focus-visible'))).toBe(true);
    const style = 'getComputedStyle(document.getElementById("tasks")).outlineStyle';
    expect(await page.evaluate(style)).toBe('solid');
  });

  it('goes to the task once a token is accepted, and back to the field when it is refused', async () => {
    await using gateway = await startScriptedGateway((call) => {
      if (call.authorization === 'Bearer right') return call.next(result('a'));
      call.next(fault('UNAUTHENTICATED'));
      call.complete();
    });
    await using tab = await browser.open();
    const { page } = tab;
    await page.goto(`${gateway.url}?id=a`);
    await page.getByLabel('Access token').fill('wrong');
    await page.keyboard.press('Enter');
    await words(page, 'This token was refused or has expired. Try another one.');
    expect(await focused(page)).toBe('token');
    await page.keyboard.type('right');
    await page.keyboard.press('Enter');
    await words(page, '40 %');
    expect(await focused(page)).toBe('tasks');
  });

  it('stays on an unrelated element, and falls back to the id field', async () => {
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)));
    await using tab = await browser.open();
    const { page } = tab;
    await page.goto(gateway.url);
    await page.getByLabel('Task id').fill('a');
    await page.keyboard.press('Enter');
    await words(page, '40 %');
    expect(await focused(page)).toBe('id');
    await page.locator('#tasks').focus();
    await page.goBack();
    await page.locator('#tasks').waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe('id');
  });

  it('skips to the task without a step in the history or another subscription', async () => {
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)));
    await using tab = await browser.open();
    const { page } = tab;
    await page.goto(gateway.url);
    const skip = page.getByRole('link', { name: 'Skip to the task' });
    expect(await skip.count()).toBe(0);
    await page.goto(`${gateway.url}?id=a`);
    await words(page, '40 %');
    const steps = await page.evaluate('history.length');
    await skip.press('Enter');
    expect(await focused(page)).toBe('tasks');
    expect(page.url()).toBe(`${gateway.url}?id=a`);
    expect(await page.evaluate('history.length')).toBe(steps);
    await page.evaluate(`new Promise((resolve) => {
      addEventListener('popstate', resolve, { once: true });
      location.hash = 'task';
    })`);
    gateway.calls[0]?.next(result('a', { progress: 55 }));
    await words(page, '55 %');
    expect(gateway.calls).toHaveLength(1);
  });
});
