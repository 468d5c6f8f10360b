import { beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { onExpiry } from '../../../src/server/access/expiry.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

beforeEach(() => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

/** Steps the wall clock. The monotonic clock and the timers go on. */
function step(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

test.each([0, -HOUR])('a ticket of two minutes ends on time with a step of %i ms in between', (stepMs) => {
  const end = vi.fn();
  onExpiry(Date.now() + 2 * MINUTE, end);
  vi.advanceTimersByTime(MINUTE);
  step(stepMs);
  vi.advanceTimersByTime(MINUTE - 1);
  expect(end).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(end).toHaveBeenCalledOnce();
});

test('a clock that was an hour behind and is corrected ends the ticket within a minute', () => {
  const end = vi.fn();
  onExpiry(Date.now() + HOUR + MINUTE, end);
  vi.advanceTimersByTime(10 * MINUTE);
  step(HOUR);
  vi.advanceTimersByTime(MINUTE);
  expect(end).toHaveBeenCalledOnce();
});

test('a clock that is an hour ahead for a moment ends no ticket', () => {
  const end = vi.fn();
  onExpiry(Date.now() + HOUR, end);
  for (let jump = 0; jump < 10; jump += 1) {
    vi.advanceTimersByTime(MINUTE);
    step(HOUR);
    vi.advanceTimersByTime(MINUTE / 2);
    step(-HOUR);
  }
  expect(end).not.toHaveBeenCalled();
});

test.each([-1, 0])('a ticket that ends %i ms from now ends after the call has returned', (ms) => {
  const end = vi.fn();
  onExpiry(Date.now() + ms, end);
  expect(end).not.toHaveBeenCalled();
  vi.advanceTimersByTime(0);
  expect(end).toHaveBeenCalledOnce();
});

test('a ticket of a year outlives any number of checks, and none follows its cancellation', () => {
  const end = vi.fn();
  const cancel = onExpiry(Date.now() + 365 * 24 * HOUR, end);
  vi.advanceTimersByTime(30 * 24 * HOUR);
  cancel();
  expect(vi.getTimerCount()).toBe(0);
  expect(end).not.toHaveBeenCalled();
  expect(() => onExpiry(null, end)()).not.toThrow();
});
