import { expect, test } from 'vitest';
import { DOCUMENTS, Markdown } from './markdown.ts';

test.each(DOCUMENTS)('every row of a table in %s has as many cells as its head', async (path) => {
  expect((await Markdown.read(path)).unevenRows).toEqual([]);
});
