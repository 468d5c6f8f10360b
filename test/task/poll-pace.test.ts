import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffAfter, intervalAfter, PollRhythm } from '../../src/task/poll-pace.ts';

const PACE = { intervalMs: 3_000, maxIntervalMs: 10_000 };

test('the interval grows from the usual one to its maximum', () => {
  const intervals = Array.from({ length: 10 }, (_, unchanged) => intervalAfter(unchanged, PACE));
  expect(intervals[0]).toBe(3_000);
  expect(intervals.at(-1)).toBe(10_000);
  expect(intervals).toEqual(intervals.toSorted((a, b) => a - b));
});

test('the same maximum keeps it fixed', () => {
  expect(intervalAfter(1_000, { intervalMs: 100, maxIntervalMs: 100 })).toBe(100);
});

test('back-off has full jitter from the interval to a cap that doubles up to a minute', () => {
  expect(backoffAfter(1, PACE, () => 0)).toBe(3_000);
  expect(backoffAfter(1, PACE, () => 1)).toBe(6_000);
  expect(backoffAfter(3, PACE, () => 1)).toBe(24_000);
  fc.assert(
    fc.property(fc.nat(10_000), fc.integer({ min: 100, max: 90_000 }), (failures, intervalMs) => {
      const wait = backoffAfter(failures, { intervalMs, maxIntervalMs: intervalMs });
      expect(wait).toBeGreaterThanOrEqual(intervalMs);
      expect(wait).toBeLessThanOrEqual(Math.max(intervalMs, 60_000));
    }),
  );
});

test('a rhythm starts again after a change, and after a failure', () => {
  const rhythm = new PollRhythm(PACE);
  for (let n = 0; n < 9; n += 1) rhythm.unchanged();
  expect(rhythm.unchanged()).toBe(10_000);
  expect(rhythm.changed()).toBe(3_000);
  rhythm.unchanged();
  rhythm.failed();
  expect(rhythm.failing).toBe(true);
  expect(rhythm.unchanged()).toBe(3_750);
  expect(rhythm.failing).toBe(false);
});

test('a follower comes a little later than the one it follows; a little earlier when that one fails', () => {
  const rhythm = new PollRhythm(PACE);
  for (let n = 0; n < 100; n += 1) {
    expect(rhythm.behind(3_000)).toBeGreaterThan(3_000);
    expect(rhythm.behind(3_000)).toBeLessThanOrEqual(3_600);
    expect(rhythm.ahead(3_000)).toBeLessThan(3_000);
    expect(rhythm.ahead(3_000)).toBeGreaterThanOrEqual(2_750);
  }
});
