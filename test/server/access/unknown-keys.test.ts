import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UnknownKeys } from '../../../src/server/access/unknown-keys.ts';

const MOST_KEY_IDS = 50_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a key id is known by its first ticket for 10 s', () => {
  const unknown = new UnknownKeys();
  const first = unknown.firstSeen('key');
  vi.advanceTimersByTime(9_999);
  expect(unknown.firstSeen('key')).toBe(first);
  vi.advanceTimersByTime(1);
  expect(unknown.firstSeen('key')).toBe(first + 10_000);
});

test('of more key ids than are kept the one that came first is forgotten', () => {
  const unknown = new UnknownKeys();
  const first = unknown.firstSeen('0');
  for (let n = 1; n < MOST_KEY_IDS; n += 1) unknown.firstSeen(`${n}`);
  vi.advanceTimersByTime(1_000);
  expect([unknown.firstSeen('0'), unknown.firstSeen('1')]).toEqual([first, first]);
  unknown.firstSeen('one more');
  expect([unknown.firstSeen('1'), unknown.firstSeen('0')]).toEqual([first, first + 1_000]);
});
