import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { claimExclusionMs, LocalClaims } from '../../src/cluster/local-claims.ts';

beforeEach(() => vi.useFakeTimers({ now: 7000 }));
afterEach(() => vi.useRealTimers());

test('a claim is refused for a little less than the interval', () => {
  expect([100, 1000, 3000, 10_000].map(claimExclusionMs)).toEqual([90, 900, 2750, 9750]);
  expect(claimExclusionMs(0)).toBe(1);
  const ledger = new LocalClaims();
  expect(ledger.claim('a', 1000, 0, 5000)).toBe(7000);
  expect(ledger.claim('a', 1000, 0, 5899)).toBeNull();
  expect(ledger.claim('a', 1000, 0, 5900)).toBe(7001);
});

test('a claimant with a reason to poll sooner names a shorter interval', () => {
  const ledger = new LocalClaims();
  ledger.claim('a', 10_000, 0, 5000);
  expect(ledger.claim('a', 10_000, 0, 8000)).toBeNull();
  expect(ledger.claim('a', 3000, 0, 8000)).toBe(7001);
});

test('versions rise past the known ones, also when the clock steps back', () => {
  const ledger = new LocalClaims();
  expect(ledger.claim('a', 1000, 9999, 5000)).toBe(10_000);
  expect(ledger.claim('a', 1000, 0, 6000)).toBe(10_001);
  ledger.note('a', 20_000, 6000);
  ledger.note('a', 15_000, 6000);
  expect(ledger.grant('a', 0, 6000)).toBe(20_001);
});

test('a wall clock that steps back or forward neither blocks a claim nor lowers a version', () => {
  const claims = new LocalClaims();
  const first = claims.claim('a', 1000, 0) ?? 0;
  vi.setSystemTime(Date.now() - 3_600_000);
  expect(claims.claim('a', 1000, 0)).toBeNull();
  vi.advanceTimersByTime(1000);
  expect(claims.claim('a', 1000, 0)).toBe(first + 1);
  vi.setSystemTime(Date.now() + 7_200_000);
  expect(claims.claim('a', 1000, 0)).toBeNull();
  vi.advanceTimersByTime(1000);
  expect(claims.claim('a', 1000, 0)).toBeGreaterThan(first + 1);
});
