import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { fault, result, words } from '../../support/page-results.ts';
import { startScriptedGateway } from '../../support/scripted-gateway.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

describe('several tasks on the watch page', () => {
  it.each([true, false])('follows them on one subscription (over WebSocket: %s)', async (websocket) => {
    await using gateway = await startScriptedGateway(
      (call) => {
        for (const id of call.ids) call.next(result(id, { progress: id === 'a' ? 10 : 20 }));
      },
      { websocket },
    );
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a&id=b&id=a`);
    const card = (id: string) => tab.page.getByRole('article', { name: `Processing ${id}`, exact: true });
    await card('a').getByText('10 %').waitFor();
    await card('b').getByText('20 %').waitFor();
    expect(gateway.calls.map(({ ids }) => ids)).toEqual([['a', 'b']]);
    expect(await tab.page.title()).toBe('0 of 2 finished · Watch a video task');
    gateway.calls[0]?.next(result('b', { status: 'FAIL', rawStatus: 'fail', finished: true }));
    await expect.poll(() => tab.page.title()).toBe('1 of 2 finished · Watch a video task');
    gateway.calls[0]?.next(result('a', { status: 'FAIL', rawStatus: 'fail', finished: true }));
    await gateway.calls[0]?.closed;
  });

  it.each([
    ['null data', null],
    ['a null field', { taskStatuses: null }],
  ])('ends one task alone by an error that names it, with %s', async (_name, data) => {
    await using gateway = await startScriptedGateway((call) => {
      if (call.ids.includes('b')) call.next({ ...(fault('TASK_NOT_FOUND', 'b') as object), data });
      call.next(result('a'));
    });
    await using tab = await browser.open();
    await tab.page.goto(`${gateway.url}?id=a&id=b`);
    await tab.page.getByRole('article', { name: 'No such task b' }).waitFor();
    await tab.page.getByRole('article', { name: 'Processing a' }).waitFor();
    gateway.calls[0]?.next(result('a', { progress: 77 }));
    await words(tab.page, '77 %');
    await tab.page.getByRole('button', { name: 'Stop watching b' }).click();
    await expect.poll(() => tab.page.title()).toMatch(/^Processing \d+ % · a$/);
    expect(tab.page.url()).toBe(`${gateway.url}?id=a`);
  });

  it('takes several ids in its field, and asks for a token when any task needs one', async () => {
    await using gateway = await startScriptedGateway((call) => {
      if (call.authorization === 'Bearer right') for (const id of call.ids) call.next(result(id));
      else call.next(fault('UNAUTHENTICATED', 'b'));
    });
    await using tab = await browser.open();
    await tab.page.goto(gateway.url);
    await tab.page.getByLabel('Task id').fill(' a, b  a ');
    await tab.page.keyboard.press('Enter');
    await tab.page.getByLabel('Access token').fill('right');
    await tab.page.keyboard.press('Enter');
    await expect.poll(() => tab.page.getByRole('article').count()).toBe(2);
    expect(tab.page.url()).toBe(`${gateway.url}?id=a&id=b`);
  });
});

describe('the shortcuts of the watch page', () => {
  it('remember the ids of the last tasks, at most eight, and forget them', async () => {
    await using gateway = await startScriptedGateway((call) => {
      for (const id of call.ids) call.next(result(id));
    });
    await using tab = await browser.open();
    const ids = Array.from({ length: 9 }, (_, index) => `task-${index}`);
    await tab.page.goto(`${gateway.url}?${ids.map((id) => `id=${id}`).join('&')}`);
    await expect.poll(() => tab.page.getByRole('article', { name: /^Processing/ }).count()).toBe(9);
    await tab.page.goto(gateway.url);
    const recent = tab.page.locator('#recent');
    expect(await recent.getByRole('link').allTextContents()).toEqual(ids.slice(1).reverse());
    const stored = await tab.page.evaluate<string[]>('Object.values(localStorage)');
    expect(stored).toEqual([JSON.stringify(ids.slice(1).reverse())]);
    await recent.getByRole('button', { name: 'Forget task-8' }).press('Enter');
    expect(await recent.getByRole('link').first().textContent()).toBe('task-7');
    expect(await tab.page.evaluate('document.activeElement.getAttribute("aria-label")')).toBe('Forget task-7');
    await recent.getByRole('link', { name: 'task-7' }).click();
    await expect.poll(() => tab.page.title()).toBe('Processing 40 % · task-7');
  });

  it('offer the example tasks of the gateway, as text', async () => {
    const examples = [{ id: 'demo-a', description: '"><img src=x> & more' }];
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)), { examples });
    await using tab = await browser.open();
    await tab.page.goto(gateway.url);
    await words(tab.page, '"><img src=x> & more');
    expect(await tab.page.locator('img').count()).toBe(0);
    await tab.page.getByRole('link', { name: 'demo-a' }).click();
    await expect.poll(() => tab.page.title()).toBe('Processing 40 % · demo-a');
    expect(tab.faults).toEqual([]);
  });
});
