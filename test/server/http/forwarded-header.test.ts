import fc from 'fast-check';
import { expect, it } from 'vitest';
import { lastForwarded } from '../../../src/server/http/forwarded-header.ts';

const [SHORT, FACTOR] = [4_000, 16];

/** The shortest of five runs, in ms. */
function durationMs(forwarded: string): number {
  const runs = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    expect(lastForwarded({ forwarded }, 'for')).toBe('');
    return performance.now() - startedAt;
  });
  return Math.min(...runs);
}

it.each([
  ['escaped quotes', (length: number) => `"${'\\"'.repeat(length / 2)}`],
  ['an open quote of escapes', (length: number) => `for="${'\\"'.repeat(length / 2)}`],
  ['quotes', (length: number) => '"'.repeat(length + 1)],
  ['a name without a value', (length: number) => 'a'.repeat(length)],
  ['pairs with an open quote each', (length: number) => 'a="\\'.repeat(length / 4)],
  ['white space', (length: number) => `x=1,${' '.repeat(length)}(`],
  ['delimiters', (length: number) => `${';'.repeat(length)}(`],
  ['elements', (length: number) => `${'a=b,'.repeat(length / 4)}(`],
])('a malformed header of %s takes linear time', (_name, header) => {
  durationMs(header(SHORT));
  const ratio = durationMs(header(FACTOR * SHORT)) / Math.max(durationMs(header(SHORT)), 0.01);
  // Quadratic time has a ratio of 256.
  expect(ratio).toBeLessThan(4 * FACTOR);
});

it.each([
  'for=9.9.9.9;x=", for="[2001:db8::1]"',
  'for=9.9.9.9;x=", for=1.2.3.4',
  'for=9.9.9.9;x="\\, for=1.2.3.4;host="app:1"',
  'for=1.2.3.4 for=9.9.9.9',
  'for=1.2.3.4;for=9.9.9.9',
  'for="1.2.3.4"x',
  'for=1.2.3.4;host',
  'for=1.2.3.4;host=',
  'host="a\\"',
  '=, for=1.2.3.4',
])('a malformed header counts as none: %s', (forwarded) => {
  for (const name of ['for', 'host', 'proto'] as const) expect(lastForwarded({ forwarded }, name)).toBe('');
});

it.each([
  ['for="a\\"b\\\\c"', 'a"b\\c'],
  ['proto=https;;FOR=1.2.3.4:80 ; by=x,', ''],
  [', proto=https;;FOR=1.2.3.4:80 ; by=x', '1.2.3.4:80'],
  ['for="9.9.9.9, for=8.8.8.8",for=1.2.3.4', '1.2.3.4'],
])('a well-formed header is read: %s', (forwarded, value) => expect(lastForwarded({ forwarded }, 'for')).toBe(value));

const lexemes = fc.constantFrom('for=9.9.9.9', 'host=evil', 'x=', '"', '\\', ',', ';', '=', ' ', '[', 'a');

it.each([
  ['for="[2001:db8::1]"', '[2001:db8::1]', ''],
  ['for=1.2.3.4;host="app:1";proto=https', '1.2.3.4', 'app:1'],
  ['host="app\\":1";for="1.2.3.4"', '1.2.3.4', 'app":1'],
])('no text that a client sends replaces the word of a proxy that adds %s', (element, address, host) => {
  const texts = fc.oneof(
    fc.array(lexemes, { maxLength: 12 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary-ascii', maxLength: 30 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const forwarded = `${text}, ${element}`;
      expect(['', address]).toContain(lastForwarded({ forwarded }, 'for'));
      expect(['', host]).toContain(lastForwarded({ forwarded }, 'host'));
    }),
    { numRuns: 2_000 },
  );
});
