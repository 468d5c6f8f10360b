import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Markdown } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const LEVELS: Readonly<Record<string, string>> = { debug: '20', info: '30', warn: '40', error: '50', fatal: '60' };
/** A call of the logger with its message as the last argument. */
const CALL = /\blog(?:ger)?\??\.(debug|info|warn|error|fatal)\([^;]*?(['"])((?:(?!\2).)+)\2\s*\)/g;

test('docs/log-lines.md lists every message that the code logs as it stands, with its level', async () => {
  const rows = (await Markdown.read('docs/log-lines.md')).table('The lines', 'log line (`msg`)');
  const listed = rows.flatMap(([messages = '', level]) =>
    messages.split('`').flatMap((message, index) => (index % 2 === 1 ? [`${level} ${message}`] : [])),
  );
  const files = await Array.fromAsync(glob('src/**/*.ts', { cwd: ROOT, exclude: ['src/simulator/**'] }));
  const logged = files.flatMap((file) =>
    [...readFileSync(join(ROOT, file), 'utf8').matchAll(CALL)].map(
      ([, level = '', , msg]) => `${LEVELS[level]} ${msg}`,
    ),
  );
  expect(logged.length).toBeGreaterThan(12);
  expect([...new Set(logged)].filter((line) => !listed.includes(line))).toEqual([]);
});
