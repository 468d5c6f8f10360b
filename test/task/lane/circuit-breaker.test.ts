import { expect, test } from 'vitest';
import { CircuitBreaker } from '../../../src/task/lane/circuit-breaker.ts';

function broken(): CircuitBreaker {
  const breaker = new CircuitBreaker();
  for (let n = 0; n < 10; n += 1) breaker.fail(false);
  return breaker;
}

test('opens at the tenth failure in a row', () => {
  const breaker = new CircuitBreaker();
  for (let n = 0; n < 9; n += 1) breaker.fail(false);
  breaker.succeed();
  for (let n = 0; n < 9; n += 1) breaker.fail(false);
  expect(breaker.open).toBe(false);
  breaker.fail(false);
  expect(breaker.open).toBe(true);
});

test('the first success closes it', () => {
  const breaker = broken();
  breaker.succeed();
  expect(breaker).toMatchObject({ open: false, probeSpacingMs: 1_000 });
});

test('probes begin a second apart and end ten seconds apart', () => {
  const breaker = broken();
  const spacings = Array.from({ length: 40 }, () => {
    const { probeSpacingMs } = breaker;
    breaker.fail(true);
    return probeSpacingMs;
  });
  expect(spacings[0]).toBe(1_000);
  expect(spacings.at(-1)).toBe(10_000);
  expect(spacings).toEqual(spacings.toSorted((a, b) => a - b));
});

test('late failures of calls that are no probes do not slow the probes down', () => {
  const breaker = broken();
  for (let n = 0; n < 60; n += 1) breaker.fail(false);
  expect(breaker.probeSpacingMs).toBe(1_000);
});
