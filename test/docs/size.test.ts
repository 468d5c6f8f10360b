import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { DOCUMENTS, ROOT } from './markdown.ts';

/** A page that a reader, or a tool with a small window, takes in at once. */
const MAX_PAGE_BYTES = 12_000;
const MAX_README_BYTES = 8_000;

const limits = DOCUMENTS.filter((path) => path.startsWith('docs/')).map((path) => [path, MAX_PAGE_BYTES] as const);

test.each([['README.md', MAX_README_BYTES] as const, ...limits])('%s has fewer than %i bytes', async (path, limit) => {
  expect((await stat(join(ROOT, path))).size).toBeLessThan(limit);
});
