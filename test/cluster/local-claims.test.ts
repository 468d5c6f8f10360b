import { expect, test } from 'vitest';
import { claimExclusionMs, LocalClaims } from '../../src/cluster/local-claims.ts';

test('a claim is refused for a little less than the interval', () => {
  expect([100, 1000, 3000, 10_000].map(claimExclusionMs)).toEqual([90, 900, 2750, 9750]);
  expect(claimExclusionMs(0)).toBe(1);
  const ledger = new LocalClaims();
  expect(ledger.claim('a', 1000, 0, 5000)).toBe(5000);
  expect(ledger.claim('a', 1000, 0, 5899)).toBeNull();
  expect(ledger.claim('a', 1000, 0, 5900)).toBe(5900);
});

test('whoever has reason to poll sooner says so with a shorter interval', () => {
  const ledger = new LocalClaims();
  ledger.claim('a', 10_000, 0, 5000);
  expect(ledger.claim('a', 10_000, 0, 8000)).toBeNull();
  expect(ledger.claim('a', 3000, 0, 8000)).toBe(8000);
});

test('versions rise past what is known, whatever the clock does', () => {
  const ledger = new LocalClaims();
  expect(ledger.claim('a', 1000, 9999, 5000)).toBe(10_000);
  expect(ledger.claim('a', 1000, 0, 4000)).toBe(10_001);
  ledger.note('a', 20_000, 4000);
  ledger.note('a', 15_000, 4000);
  expect(ledger.grant('a', 0, 4000)).toBe(20_001);
});
