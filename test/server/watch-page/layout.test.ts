import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type TestBrowser } from '../../support/browser.ts';
import { result, words } from '../../support/page-results.ts';
import { startScriptedGateway } from '../../support/scripted-gateway.ts';

let browser: TestBrowser;
beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(() => browser[Symbol.asyncDispose]());

/** The least contrast of text of this size by WCAG 2 (success criterion 1.4.3). */
const LEAST_CONTRAST = 4.5;

const STAGES = ['INIT', 'START', 'PENDING', 'PROCESS'].map((status, index, all) => {
  const at = (place: number) => new Date(Date.UTC(2026, 10, 24, 10, 42, 44 + 12 * place)).toISOString();
  return { status, enteredAt: at(index), leftAt: index === all.length - 1 ? null : at(index + 1) };
});

/** The texts that need more than one line, among the elements of the selector. */
function wrapped(page: Page, selector: string): Promise<string[]> {
  return page.locator(selector).evaluateAll((found) =>
    found.flatMap((one) => {
      const range = one.ownerDocument.createRange();
      range.selectNodeContents(one);
      const lines = new Set(Array.from(range.getClientRects(), ({ top }) => top));
      return lines.size > 1 ? [one.textContent ?? ''] : [];
    }),
  );
}

/** The relative luminance of a colour as a browser computes it, `rgb(r, g, b)`, as WCAG 2 defines it. */
function luminance(colour: string): number {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map((part) => {
    const share = Number(part) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}

describe('the layout of the watch page', () => {
  it.each([
    [320, '.stages .name'],
    [360, '.stages .name, .stages time, .stages .took'],
    [1280, '.stages .name, .facts dd'],
  ])('breaks no stage and no fact that has room, %d px wide', async (width, selector) => {
    await using gateway = await startScriptedGateway((call) => {
      const nextCheckAt = new Date(Date.now() + 20_000).toISOString();
      call.next(result('a', { stages: STAGES, createdAt: STAGES[0]?.enteredAt, nextCheckAt }));
    });
    await using tab = await browser.open({ locale: 'en-US', viewport: { width, height: 900 } });
    await tab.page.goto(`${gateway.url}?id=a`);
    await words(tab.page, '40 %');
    expect(await wrapped(tab.page, selector)).toEqual([]);
    expect(await tab.page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  });

  it.each(['light', 'dark'] as const)('has placeholders that can be read, %s', async (colorScheme) => {
    await using gateway = await startScriptedGateway(() => {});
    await using tab = await browser.open({ colorScheme });
    await tab.page.goto(gateway.url);
    const [text, ground] = await tab.page.evaluate<[string, string]>(`[
      getComputedStyle(document.getElementById('id'), '::placeholder').color,
      getComputedStyle(document.getElementById('id')).backgroundColor,
    ]`);
    const [dark = 0, light = 0] = [luminance(text), luminance(ground)].sort((one, other) => one - other);
    expect((light + 0.05) / (dark + 0.05)).toBeGreaterThanOrEqual(LEAST_CONTRAST);
  });
});
