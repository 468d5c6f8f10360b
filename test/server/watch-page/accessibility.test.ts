import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { fault, result, words } from '../../support/page-results.ts';
import { type ScriptedCall, startScriptedGateway } from '../../support/scripted-gateway.ts';

/** WCAG 2, success criterion 1.4.3, for text of ordinary size. */
const LEAST_CONTRAST = 4.5;
/** The same, criterion 1.4.11, for the borders of controls and the marks of stages. */
const LEAST_CONTRAST_OF_MARKS = 3;
/** Of all files of the page together, as they are served, in bytes. */
const MOST_BYTES = 60_000;

/** Runs in the page: the contrast of two colours, and the colour of the nearest opaque background. */
const CONTRAST = `
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
  const contrast = (colour, other) => {
    const [dark, light] = [luminance(colour), luminance(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
`;

/** Runs in the page: each visible control or mark whose border is too faint against the card that it stands on. */
const FAINT_MARKS = `(() => {
  ${CONTRAST}
  const marks = [...document.querySelectorAll('input, button, .dot')].filter((one) => one.checkVisibility());
  const faint = marks.filter((one) =>
    contrast(channels(getComputedStyle(one).borderTopColor), ground(one.parentElement)) < ${LEAST_CONTRAST_OF_MARKS});
  return { faint: faint.map(({ tagName, className, id }) => tagName + ' ' + className + id), seen: marks.length };
})()`;

/** Runs in the page: each visible text with too little contrast against the nearest opaque background. */
const FAINT_TEXTS = `(() => {
  ${CONTRAST}
  const faint = [];
  let seen = 0;
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: parent, textContent: text } = walker.currentNode;
    if (text.trim() === '' || !parent.checkVisibility({ visibilityProperty: true })) continue;
    seen += 1;
    if (contrast(channels(getComputedStyle(parent).color), ground(parent)) < ${LEAST_CONTRAST}) faint.push(text);
  }
  return { faint, seen };
})()`;

/** Runs before the scripts of the page: sums up the shifts that no input caused, and counts the messages of the gateway. */
const MEASURE_SHIFTS = `
  globalThis.shifts = 0;
  globalThis.messages = 0;
  globalThis.WebSocket = class extends WebSocket {
    constructor(...options) {
      super(...options);
      this.addEventListener('message', ({ data }) => { if (JSON.parse(data).type === 'next') messages += 1; });
    }
  };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value;
  }).observe({ type: 'layout-shift', buffered: true });
`;

const AT = new Date().toISOString();
/** The gateway saw the task fail. */
const SEEN = [
  { status: 'PROCESS', enteredAt: AT, leftAt: AT },
  { status: 'FAIL', enteredAt: AT, leftAt: null },
];

const STATES = [
  { status: 'INIT', rawStatus: 'init', progress: null },
  {
    status: 'PENDING',
    rawStatus: 'pending',
    progress: null,
    statusDescription: 'waiting in the queue of the algorithm',
  },
  { status: 'PROCESS', rawStatus: 'process', progress: 60 },
  { status: 'PROCESS', rawStatus: 'process', progress: 60, stale: true },
  { status: 'SUCCESS', rawStatus: 'success', resultUrl: 'https://example.com/video.mp4', message: 'Ready.' },
  { status: 'FAIL', rawStatus: 'fail', message: 'No face was found.', stages: SEEN },
  { status: 'FAIL', rawStatus: 'fail', finished: true, message: 'No face was found. '.repeat(8), stages: SEEN },
];

/** Of one task among several: short and long words. */
const REFUSALS = ['TASK_NOT_FOUND', 'UPSTREAM_BAD_RESPONSE', 'OVERLOADED'];

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

const focusedName = (page: Page) =>
  page.evaluate<string>(
    'document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent.trim()',
  );

/** Presses Tab until the control of this name has the focus, at most once for each control of a small page. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 20; presses += 1) {
    await page.keyboard.press('Tab');
    if ((await focusedName(page)) === name) return;
  }
  throw new Error(`Tab does not reach "${name}"`);
}

describe('the accessibility of the watch page', () => {
  it.each(['light', 'dark'] as const)('has text, controls and marks with enough contrast, %s', async (colorScheme) => {
    const examples = [{ id: 'demo-a', description: 'an example' }];
    await using gateway = await startScriptedGateway(
      (call) => {
        call.next(result('a', { status: 'FAIL', rawStatus: 'fail', finished: true, message: 'No face was found.' }));
        call.next(result('b', { stale: true }));
        call.next(fault('TASK_NOT_FOUND', 'c'));
        call.next(result('d', { status: 'SUCCESS', finished: true, resultUrl: 'https://example.com/video.mp4' }));
      },
      { examples },
    );
    await using tab = await browser.open({ colorScheme });
    await tab.page.goto(`${gateway.url}?id=a&id=b&id=c&id=d`);
    await words(tab.page, 'Open the video in a new tab');
    await tab.page.getByText('Recent and example tasks').click();
    gateway.calls[0]?.cut();
    await words(tab.page, /^Connection lost\./);
    const { faint, seen } = await tab.page.evaluate<{ faint: string[]; seen: number }>(FAINT_TEXTS);
    expect(faint).toEqual([]);
    expect(seen).toBeGreaterThan(60);
    const marks = await tab.page.evaluate<{ faint: string[]; seen: number }>(FAINT_MARKS);
    expect(marks.faint).toEqual([]);
    expect(marks.seen).toBeGreaterThan(20);
    const ground = await tab.page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(ground).toBe(colorScheme === 'light' ? 'rgb(244, 246, 246)' : 'rgb(14, 20, 21)');
  });

  it.each([
    [360, 'a'],
    [1280, 'a'],
    [360, 'a&id=b'],
    [1280, 'a&id=b'],
  ])('moves no element when a state comes, %d px wide, ?id=%s', async (width, query) => {
    let call: ScriptedCall | undefined;
    await using gateway = await startScriptedGateway((arrived) => {
      call = arrived;
    });
    await using tab = await browser.open({ viewport: { width, height: 1600 } });
    await tab.page.addInitScript(MEASURE_SHIFTS);
    await tab.page.goto(`${gateway.url}?id=${query}`);
    await expect.poll(() => call !== undefined).toBe(true);
    const ids = call?.ids ?? [];
    // Of several tasks one is refused; the page of a single task then shows its error in place of the task.
    const refusals = ids.length > 1 ? REFUSALS.map((code) => fault(code, ids[0])) : [];
    const states = STATES.flatMap((state) => ids.map((id) => result(id, state)));
    const results = [...refusals, ...states.slice(0, -2), ...refusals, ...states.slice(-2)];
    const before = await tab.page.evaluate<number>('messages');
    for (const [index, sent] of results.entries()) {
      call?.next(sent);
      await expect.poll(() => tab.page.evaluate('messages')).toBe(before + index + 1);
      await tab.page.evaluate('new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))');
    }
    await words(tab.page, /^(No face was found\. ?){8}$/);
    expect(await tab.page.evaluate('shifts')).toBe(0);
  });

  it('can be used with the keyboard alone, and names each control', async () => {
    const examples = [{ id: 'demo-a', description: 'an example' }];
    await using gateway = await startScriptedGateway(
      (call) => {
        for (const id of call.ids) call.next(result(id));
      },
      { examples },
    );
    await using tab = await browser.open();
    const { page } = tab;
    const next = async (): Promise<string> => {
      await page.keyboard.press('Tab');
      return focusedName(page);
    };
    await page.goto(gateway.url);
    await page.keyboard.type('b');
    const names = [];
    for (let count = 0; count < 4; count += 1) names.push(await next());
    expect(names).toEqual(['Watch', 'Recent and example tasks', 'demo-a', 'Watch demo-a too']);
    for (let count = 0; count < 4; count += 1) await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.title()).toBe('Processing 40 % · b');
    expect([await next(), await next()]).toEqual(['Watch', 'Recent and example tasks']);
    await page.keyboard.press('Enter');
    expect([await next(), await next(), await next(), await next(), await next()]).toEqual([
      'b',
      'Watch b too',
      'Forget b',
      'demo-a',
      'Watch demo-a too',
    ]);
    await page.keyboard.press('Enter');
    await page.getByRole('article', { name: 'Processing demo-a' }).waitFor();
    await tabTo(page, 'Stop watching b');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.title()).toBe('Processing 40 % · demo-a');
    for (const role of ['progressbar', 'list', 'article', 'region'] as const)
      for (const found of await page.getByRole(role).all())
        expect(await found.evaluate((one) => one.ariaLabel ?? one.getAttribute('aria-labelledby') ?? one.id)).not.toBe(
          '',
        );
  });

  it('brings the keyboard to a token, to the next try and to the video', async () => {
    const ready = { status: 'SUCCESS', finished: true, resultUrl: 'https://example.com/video.mp4' };
    await using gateway = await startScriptedGateway((call) => {
      if (call.authorization !== 'Bearer right') call.next(fault('UNAUTHENTICATED'));
      else if (gateway.calls.length <= 2) call.next(fault('INTERNAL_SERVER_ERROR'));
      else call.next(result(call.id, ready));
    });
    await using tab = await browser.open();
    const { page } = tab;
    await page.goto(gateway.url);
    await page.keyboard.type('a');
    await page.keyboard.press('Enter');
    await page.getByLabel('Access token').waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('token');
    await page.keyboard.type('right');
    await tabTo(page, 'Use token');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Try again' }).waitFor();
    await tabTo(page, 'Try again');
    await page.keyboard.press('Enter');
    await words(page, 'Open the video in a new tab');
    await tabTo(page, 'Open the video in a new tab');
    await tabTo(page, 'The finished video');
  });

  it('weighs less than 60 kB, all files together', async () => {
    await using gateway = await startScriptedGateway((call) => call.next(result(call.id)));
    await using tab = await browser.open();
    const bodies: Promise<Buffer>[] = [];
    tab.page.on('response', (response) => {
      if (response.request().method() === 'GET') bodies.push(response.body());
    });
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, '40 %');
    const sizes = (await Promise.all(bodies)).map(({ length }) => length);
    expect(sizes.length).toBeGreaterThan(20);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(MOST_BYTES);
  });
});
