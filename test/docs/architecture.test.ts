import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/architecture.md'), 'utf8');
/** The browser's part of the watch page is one room with its handler. */
const folders = readdirSync(join(ROOT, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'public')
  .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));

test.each(folders.filter((folder) => folder !== 'src/server'))('docs/architecture.md names %s', (folder) => {
  expect(page).toContain(`\`${folder}\``);
});

test('docs/architecture.md names no folder that is not there', () => {
  const named = [...page.matchAll(/`(src\/[\w/-]+)`/g)].map(([, folder]) => folder);
  expect(named.filter((folder) => !folders.includes(folder as string))).toEqual([]);
});

test('src/server has no loose file', () => {
  const loose = readdirSync(join(ROOT, 'src/server'), { withFileTypes: true }).filter((entry) => entry.isFile());
  expect(loose.map(({ name }) => name)).toEqual([]);
});
