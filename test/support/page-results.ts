import type { Page } from 'playwright-core';

/** A result of the page's subscription: a task that is being processed, but for `changes`. */
export function result(id: string, changes: Record<string, unknown> = {}): unknown {
  const now = Date.now();
  const task = {
    id,
    status: 'PROCESS',
    rawStatus: 'process',
    statusDescription: 'being processed',
    progress: 40,
    message: null,
    resultUrl: null,
    createdAt: new Date(now - 60_000).toISOString(),
    elapsedSeconds: 60,
    finished: false,
    checkedAt: new Date(now).toISOString(),
    nextCheckAt: new Date(now + 3000).toISOString(),
    stale: false,
    stages: [{ status: 'PROCESS', enteredAt: new Date(now - 5000).toISOString(), leftAt: null }],
  };
  return { data: { taskStatus: { ...task, ...changes } } };
}

/** A result that brings an error with this code. */
export function fault(code: string): unknown {
  return { data: null, errors: [{ message: 'Refused.', extensions: { code } }] };
}

/** Waits until these words are to be seen. */
export async function words(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).and(page.locator(':visible')).first().waitFor();
}
