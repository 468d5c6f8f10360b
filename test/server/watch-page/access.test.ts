import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { fault, result, words } from '../../support/page-results.ts';
import { startScriptedGateway } from '../../support/scripted-gateway.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

/** Enters a token that the gateway refuses, and returns the form's field. */
async function refusedToken(page: Page): Promise<Locator> {
  const field = page.getByLabel('Access token');
  await field.fill('wrong');
  await field.press('Enter');
  await words(page, 'This token was refused or has expired. Try another one.');
  return field;
}

describe.concurrent('the token form of the watch page', () => {
  it.for([true, false])(
    'asks for a token, keeps it in memory and sends it as a header (over SSE: %s)',
    async (http, { expect }) => {
      await using gateway = await startScriptedGateway(
        (call) => {
          if (call.authorization === 'Bearer right') {
            call.next(result(call.id));
          } else if (http) {
            call.refuse(401, 'UNAUTHENTICATED');
          } else {
            call.next(fault('UNAUTHENTICATED'));
            call.complete();
          }
        },
        { websocket: !http },
      );
      await using tab = await browser.open();
      await tab.page.goto(`${gateway.url}?id=a`);
      const field = await refusedToken(tab.page);
      await field.fill('right');
      await field.press('Enter');
      await words(tab.page, '40 %');
      expect(await field.isVisible()).toBe(false);
      expect(await tab.page.locator('#token').inputValue()).toBe('');
      const kept = 'JSON.stringify([location.href, {...localStorage}, {...sessionStorage}, document.cookie])';
      expect(await tab.page.evaluate(kept)).not.toContain('right');
      await tab.page.getByLabel('Task id').fill('b');
      await tab.page.getByRole('button', { name: 'Watch' }).click();
      await expect.poll(() => tab.page.title()).toBe('Processing 40 % · b');
      expect(gateway.calls.at(-1)?.authorization).toBe('Bearer right');
    },
  );

  it('reconnects with the token too', async () => {
    await using gateway = await startScriptedGateway((call) => {
      if (call.authorization === undefined) return call.refuse(401, 'UNAUTHENTICATED');
      call.next(result('a', { progress: gateway.calls.filter((one) => one.authorization).length * 30 }));
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    await tab.page.getByLabel('Access token').fill('right');
    await tab.page.getByRole('button', { name: 'Use token' }).click();
    await words(tab.page, '30 %');
    gateway.calls.at(-1)?.cut();
    await words(tab.page, 'Connection lost. Reconnecting');
    await words(tab.page, '60 %');
  });

  it.each(['Bearer right', 'bearer   right', ' right '])(
    'takes a token as it stands in a header: "%s"',
    async (pasted) => {
      await using gateway = await startScriptedGateway((call) => {
        if (call.authorization === 'Bearer right') call.next(result('a'));
        else call.refuse(401, 'UNAUTHENTICATED');
      });
      await using tab = await browser.open();
      await tab.page.goto(`${gateway.url}?id=a`);
      await tab.page.getByLabel('Access token').fill(pasted);
      await tab.page.getByRole('button', { name: 'Use token' }).click();
      await words(tab.page, '40 %');
    },
  );

  it('shows an error for a text that cannot be a token, keeps it, and sends no request', async ({ expect }) => {
    await using gateway = await startScriptedGateway((call) => call.refuse(401, 'UNAUTHENTICATED'));
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a`);
    const field = await refusedToken(tab.page);
    const before = gateway.calls.length;
    for (const [bad, says] of [
      ['two words', 'This is not a token: it has spaces or unusual characters.'],
      ['Bearer tökén', 'This is not a token: it has spaces or unusual characters.'],
      ['Bearer ', 'Paste a token first.'],
    ] as const) {
      await field.fill(bad);
      await field.press('Enter');
      await words(tab.page, says);
      expect(await field.inputValue()).toBe(bad);
      expect(await field.getAttribute('aria-invalid')).toBe('true');
    }
    expect(gateway.calls).toHaveLength(before);
    await field.fill('wrong-again');
    await field.press('Enter');
    await expect.poll(() => field.getAttribute('aria-invalid')).toBe('false');
    await words(tab.page, 'This token was refused or has expired. Try another one.');
    expect(await tab.page.locator('#token-fault').isVisible()).toBe(false);
  });
});
