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
  return { data: { taskStatuses: { ...task, ...changes } } };
}

/** A result that brings an error with this code: of the whole operation, or of the task `id` alone. */
export function fault(code: string, id?: string): unknown {
  const extensions = id === undefined ? { code } : { code, id };
  return { data: id === undefined ? null : { taskStatuses: null }, errors: [{ message: 'Refused.', extensions }] };
}

/** Waits until these words are to be seen. */
export async function words(page: Page, text: string | RegExp): Promise<void> {
  await page.getByText(text).and(page.locator(':visible')).first().waitFor();
}
