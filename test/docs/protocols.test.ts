import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { serverAudits } from 'graphql-http';
import { expect, test } from 'vitest';
import { Markdown, ROOT } from './markdown.ts';
import { PROTOCOL_PAGES, protocolRows } from './protocol-rows.ts';

const AUDIT = 'graphql-over-http.test.ts';
const files = globSync('test/server/**/*.test.ts', { cwd: ROOT });
const audits: readonly string[] = serverAudits({ url: 'http://127.0.0.1/graphql' }).map(({ name }) => name);
const rows = (await Promise.all(PROTOCOL_PAGES.map(protocolRows))).flat();

/** A table of sentences and one of deviations, with a head and a line beneath it each. */
const LINES_OF_HEADS = 4;

test.each(PROTOCOL_PAGES)('every row of %s names a test', async (page) => {
  const { prose } = await Markdown.read(page);
  const { length } = rows.filter((row) => row.page === page);
  expect(length).toBeGreaterThan(8);
  expect(prose.match(/^\| /gm)).toHaveLength(length + LINES_OF_HEADS);
});

test('docs/protocols.md links to every page, and there are more than 90 sentences', async () => {
  const { links } = await Markdown.read('docs/protocols.md');
  expect(links).toEqual(expect.arrayContaining(PROTOCOL_PAGES.map((page) => page.replace('docs/', ''))));
  expect(rows.length).toBeGreaterThan(90);
});

const cases = rows.map(({ page, sentence, file, name }) => [page, sentence, file, name] as const);

test.each(cases)('%s: %s: has its test', async (_page, _sentence, file, name) => {
  const paths = files.filter((path) => basename(path) === file);
  expect(paths, file).toHaveLength(1);
  const source = await readFile(join(ROOT, paths[0] ?? ''), 'utf8');
  const written = source.includes(`'${name}'`) || source.includes(`"${name}"`);
  expect(written || (file === AUDIT && audits.includes(name)), `${file}: ${name}`).toBe(true);
});
