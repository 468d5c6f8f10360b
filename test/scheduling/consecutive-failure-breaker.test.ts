import { expect, test } from 'vitest';
import { ConsecutiveFailureBreaker } from '../../src/scheduling/consecutive-failure-breaker.ts';

function broken(): ConsecutiveFailureBreaker {
  const breaker = new ConsecutiveFailureBreaker();
  for (let n = 0; n < 10; n += 1) breaker.recordFailure(false);
  return breaker;
}

test('opens at the tenth failure in a row', () => {
  const breaker = new ConsecutiveFailureBreaker();
  for (let n = 0; n < 9; n += 1) breaker.recordFailure(false);
  breaker.recordSuccess();
  for (let n = 0; n < 9; n += 1) breaker.recordFailure(false);
  expect(breaker.open).toBe(false);
  breaker.recordFailure(false);
  expect(breaker.open).toBe(true);
});

test('the first success closes it', () => {
  const breaker = broken();
  breaker.recordSuccess();
  expect(breaker).toMatchObject({ open: false, probeIntervalMs: 1_000 });
});

test('probes begin a second apart and end ten seconds apart', () => {
  const breaker = broken();
  const spacings = Array.from({ length: 40 }, () => {
    const { probeIntervalMs } = breaker;
    breaker.recordFailure(true);
    return probeIntervalMs;
  });
  expect(spacings[0]).toBe(1_000);
  expect(spacings.at(-1)).toBe(10_000);
  expect(spacings).toEqual(spacings.toSorted((a, b) => a - b));
});

test('late failures of calls that are no probes do not slow the probes down', () => {
  const breaker = broken();
  for (let n = 0; n < 60; n += 1) breaker.recordFailure(false);
  expect(breaker.probeIntervalMs).toBe(1_000);
});
