import { expect, test } from 'vitest';
import { parseRetryAfter } from '../../src/upstream/retry-after.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');

test.each([
  ['7', 7000],
  [' 7 ', 7000],
  [['7', '9'], 7000],
  ['0', 1000],
  ['301', 300_000],
  ['99999999999999999999999', 300_000],
  ['Thu, 01 Jan 2026 00:00:07 GMT', 7000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 1000],
  ['Fri, 01 Jan 2027 00:00:00 GMT', 300_000],
  [undefined, null],
  ['', null],
  ['-7', null],
  ['7.5', null],
  ['soon', null],
  ['2026-01-01T00:00:07Z', null],
  ['Thu, 99 Foo 2026 00:00:07 GMT', null],
  [[], null],
])('%j is %j', (header, ms) => expect(parseRetryAfter(header, undefined, NOW)).toBe(ms));

test.each([
  ['Thu, 01 Jan 2026 01:00:05 GMT', 'Thu, 01 Jan 2026 01:00:00 GMT', 5000],
  ['Wed, 31 Dec 2025 23:00:05 GMT', 'Wed, 31 Dec 2025 23:00:00 GMT', 5000],
  ['Thu, 01 Jan 2026 00:00:07 GMT', 'yesterday', 7000],
  ['7', 'Thu, 01 Jan 2026 01:00:00 GMT', 7000],
])('%j in a response of %j is %j, whatever the clock here says', (header, date, ms) =>
  expect(parseRetryAfter(header, date, NOW)).toBe(ms),
);
