import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { KeyedRateLimiter } from '../../../src/server/limits/keyed-rate-limiter.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;

/** How many of so many events of a key are within the rate. */
function taken(limiter: KeyedRateLimiter, key: string, events: number): number {
  let count = 0;
  for (let event = 0; event < events; event += 1) if (limiter.take(key)) count += 1;
  return count;
}

test.each([1, 3, 7, 49, 1_000, 1_000_000])(
  '%d per second: so many at once, and all of them again after a second',
  (rate) => {
    const limiter = new KeyedRateLimiter(rate);
    expect(taken(limiter, 'a', rate + 5)).toBe(rate);
    vi.advanceTimersByTime(1_000);
    expect(taken(limiter, 'a', rate + 5)).toBe(rate);
  },
);

test('the burst comes back one spacing at a time', () => {
  const limiter = new KeyedRateLimiter(10);
  taken(limiter, 'a', 10);
  vi.advanceTimersByTime(99);
  expect(limiter.take('a')).toBe(false);
  vi.advanceTimersByTime(1);
  expect(taken(limiter, 'a', 2)).toBe(1);
});

test('keys do not share a rate', () => {
  const limiter = new KeyedRateLimiter(3);
  expect(taken(limiter, 'a', 9)).toBe(3);
  expect(taken(limiter, 'b', 9)).toBe(3);
});

test('a caller that never stops has its rate', () => {
  const limiter = new KeyedRateLimiter(5);
  taken(limiter, 'a', 50);
  let count = 0;
  for (let step = 0; step < 1_000; step += 1) {
    vi.advanceTimersByTime(10);
    count += taken(limiter, 'a', 5);
  }
  expect(count).toBe(50);
});

test.each([HOUR, -HOUR, -20_000, 1_000])('a step of the wall clock by %d ms changes no rate', (by) => {
  const limiter = new KeyedRateLimiter(3);
  expect(taken(limiter, 'a', 3)).toBe(3);
  vi.setSystemTime(Date.now() + by);
  expect(taken(limiter, 'a', 3)).toBe(0);
  vi.advanceTimersByTime(1_000);
  expect(taken(limiter, 'a', 4)).toBe(3);
});

test('idle keys are forgotten, and those in use are not', () => {
  const limiter = new KeyedRateLimiter(2);
  for (let key = 0; key < 1_000; key += 1) limiter.take(`idle ${key}`);
  vi.advanceTimersByTime(900);
  taken(limiter, 'used', 2);
  vi.advanceTimersByTime(100);
  expect(limiter.take('used')).toBe(false);
  expect(limiter.size).toBe(1);
});
