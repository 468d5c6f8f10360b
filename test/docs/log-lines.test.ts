import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Markdown } from './markdown.ts';

const ROOT = join(import.meta.dirname, '../..');
const LEVELS: Readonly<Record<string, string>> = { debug: '20', info: '30', warn: '40', error: '50', fatal: '60' };
/** A call of the logger with its message as the last argument. */
const CALL = /\blog(?:ger)?\??\.(debug|info|warn|error|fatal)\([^;]*?(['"])((?:(?!\2).)+)\2\s*\)/g;
/** The name of an outage log, or the name of the polled API where a program gives no source; and the ends of its messages. */
const OUTAGE = /(?:new OutageLog\(\{[^}]*?name: |upstreamName = )'([^']+)'/g;
const OUTAGE_LINES = ['fails', 'still fails', 'answers again'];

test('docs/log-lines.md lists every message that the code logs, with its level, and no other', async () => {
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
  const sources = files.map((file) => readFileSync(join(ROOT, file), 'utf8')).join('\n');
  const names = new Set([...sources.matchAll(OUTAGE)].map(([, name]) => name));
  const outages = [...names].flatMap((name) => OUTAGE_LINES.map((line) => `40 ${name} ${line}`));
  expect(outages).toHaveLength(9);
  expect(outages.filter((line) => !listed.includes(line))).toEqual([]);
  const messages = listed.map((line) => line.slice(3));
  // The messages about Redis are put together from two parts.
  const isLogged = (message: string) => message.split(', ').every((part) => sources.includes(part));
  expect(messages.filter((message) => !outages.includes(`40 ${message}`) && !isLogged(message))).toEqual([]);
  expect([...new Set(logged)].filter((line) => !listed.includes(line))).toEqual([]);
});
