import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LocalRateLimiter } from '../../src/scheduling/local-rate-limiter.ts';

test('unlimited never waits', () => {
  const budget = new LocalRateLimiter(null);
  for (let n = 0; n < 1_000; n += 1) {
    expect(budget.delayMs(0)).toBe(0);
    budget.consume(0);
  }
});

test('in no window are there more calls than the rate allows, and 50 ms worth of them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.nat(100), { minLength: 20, maxLength: 60 }),
      (perSecond, gaps) => {
        const budget = new LocalRateLimiter(perSecond);
        const taken: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          while (budget.delayMs(now) === 0) {
            budget.consume(now);
            taken.push(now);
          }
        }
        const excess = taken.flatMap((start, from) =>
          taken.slice(from).map((end, more) => more - ((end - start + 50) * perSecond) / 1_000),
        );
        expect(excess.reduce((a, b) => Math.max(a, b), 0)).toBeLessThan(1e-6);
      },
    ),
    { numRuns: 30 },
  );
});

test('a call that was not made is given back', () => {
  const budget = new LocalRateLimiter(1);
  budget.consume(0);
  expect(budget.delayMs(0)).toBe(950);
  budget.refund();
  expect(budget.delayMs(0)).toBe(0);
});
