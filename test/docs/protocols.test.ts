import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { serverAudits } from 'graphql-http';
import { expect, test } from 'vitest';
import { Markdown, ROOT } from './markdown.ts';

const AUDIT = 'graphql-over-http.test.ts';

const files = globSync('test/server/**/*.test.ts', { cwd: ROOT });
const audits: readonly string[] = serverAudits({ url: 'http://127.0.0.1/graphql' }).map(({ name }) => name);
const { prose } = await Markdown.read('docs/protocols.md');
const rows = Array.from(prose.matchAll(/^\| (?!sentence|---)(.*?) +\|.*\| `(\S+)`: (.*?) +\|$/gm));

/** Four tables of sentences and four of deviations, with a head and a line beneath it each. */
const LINES_OF_HEADS = 16;

test('every row of docs/protocols.md names a test', () => {
  expect(rows.length).toBeGreaterThan(80);
  expect(prose.match(/^\| /gm)).toHaveLength(rows.length + LINES_OF_HEADS);
});

test.each(rows.map(([, sentence, file, name]) => [sentence, file, name] as const))(
  '%s: has its test',
  async (_sentence, file = '', name = '') => {
    const paths = files.filter((path) => basename(path) === file);
    expect(paths, file).toHaveLength(1);
    const source = await readFile(join(ROOT, paths[0] ?? ''), 'utf8');
    const written = source.includes(`'${name}'`) || source.includes(`"${name}"`);
    expect(written || (file === AUDIT && audits.includes(name)), `${file}: ${name}`).toBe(true);
  },
);
