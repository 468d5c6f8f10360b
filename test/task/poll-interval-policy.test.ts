import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adaptiveInterval, backoffDelay, PollIntervalPolicy } from '../../src/task/poll-interval-policy.ts';

const PACE = { intervalMs: 3_000, maxIntervalMs: 10_000 };

test('the interval grows from the usual one to its maximum', () => {
  const intervals = Array.from({ length: 10 }, (_, unchanged) => adaptiveInterval(unchanged, PACE));
  expect(intervals[0]).toBe(3_000);
  expect(intervals.at(-1)).toBe(10_000);
  expect(intervals).toEqual(intervals.toSorted((a, b) => a - b));
});

test('the same maximum keeps it fixed', () => {
  expect(adaptiveInterval(1_000, { intervalMs: 100, maxIntervalMs: 100 })).toBe(100);
});

test('back-off has full jitter from the interval to a cap that doubles up to a minute', () => {
  expect(backoffDelay(1, PACE, () => 0)).toBe(3_000);
  expect(backoffDelay(1, PACE, () => 1)).toBe(6_000);
  expect(backoffDelay(3, PACE, () => 1)).toBe(24_000);
  fc.assert(
    fc.property(fc.nat(10_000), fc.integer({ min: 100, max: 90_000 }), (failures, intervalMs) => {
      const wait = backoffDelay(failures, { intervalMs, maxIntervalMs: intervalMs });
      expect(wait).toBeGreaterThanOrEqual(intervalMs);
      expect(wait).toBeLessThanOrEqual(Math.max(intervalMs, 60_000));
    }),
  );
});

test('a policy starts again after a change, and after a failure', () => {
  const policy = new PollIntervalPolicy(PACE);
  for (let n = 0; n < 9; n += 1) policy.onUnchanged();
  expect(policy.onUnchanged()).toBe(10_000);
  expect(policy.onChanged()).toBe(3_000);
  policy.onUnchanged();
  policy.onFailed();
  expect(policy.failing).toBe(true);
  expect(policy.onUnchanged()).toBe(3_750);
  expect(policy.failing).toBe(false);
});

test('a follower comes a little later than the one it follows; a little earlier when that one fails', () => {
  const policy = new PollIntervalPolicy(PACE);
  for (let n = 0; n < 100; n += 1) {
    expect(policy.aroundPeer(3_000).followerDelay).toBeGreaterThan(3_000);
    expect(policy.aroundPeer(3_000).followerDelay).toBeLessThanOrEqual(3_600);
    expect(policy.aroundPeer(3_000).takeoverDelay).toBeLessThan(3_000);
    expect(policy.aroundPeer(3_000).takeoverDelay).toBeGreaterThanOrEqual(2_750);
  }
});
