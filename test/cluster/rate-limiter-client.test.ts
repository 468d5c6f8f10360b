import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RateLimiterClient } from '../../src/cluster/rate-limiter-client.ts';
import { reservationSize, SlotReservations } from '../../src/cluster/slot-reservations.ts';

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

function lanes() {
  const slots = new SlotReservations();
  const book = vi.fn(async (lane: string, rate: number) => slots.reserve(lane, rate, reservationSize(rate)));
  return { lanes: new RateLimiterClient(book), book };
}

test('a booking is made once and used when its time has come', async () => {
  const { lanes: budget, book } = lanes();
  expect(await budget.tryConsume('lane', 10)).toBe(0);
  expect(await budget.tryConsume('lane', 10)).toBe(100);
  vi.advanceTimersByTime(60);
  expect(await budget.tryConsume('lane', 10)).toBe(40);
  vi.advanceTimersByTime(40);
  expect(await budget.tryConsume('lane', 10)).toBe(0);
  expect(book).toHaveBeenCalledTimes(2);
});

test('a booking that nobody used in its time is lost', async () => {
  const { lanes: budget } = lanes();
  await budget.tryConsume('lane', 10);
  await budget.tryConsume('lane', 10);
  vi.advanceTimersByTime(10_000);
  expect(await budget.tryConsume('lane', 10)).toBe(0);
  expect(await budget.tryConsume('lane', 10)).toBe(100);
});

test('concurrent askers share one booking', async () => {
  const { lanes: budget, book } = lanes();
  const waits = await Promise.all(Array.from({ length: 6 }, () => budget.tryConsume('lane', 100)));
  expect(waits).toEqual([0, 0, 0, 0, 0, 50]);
  expect(book).toHaveBeenCalledTimes(2);
});

test('a pause takes back what was booked and is over by itself', async () => {
  const { lanes: budget } = lanes();
  await budget.tryConsume('lane', 1);
  expect(budget.pause('lane', 500)).toBe(true);
  expect(budget.pause('lane', 400)).toBe(false);
  expect(budget.pauses).toEqual([['lane', 500]]);
  expect(await budget.tryConsume('lane', 1)).toBe(500);
  vi.advanceTimersByTime(500);
  expect(budget.pauses).toEqual([]);
  expect(await budget.tryConsume('lane', 1)).toBe(500);
});

test('a pause listener that throws harms no other', () => {
  const { lanes: budget } = lanes();
  const heard = vi.fn();
  budget.onPause(() => {
    throw new Error('a fault of the listener');
  });
  budget.onPause(heard);
  budget.onPeerPause('lane', 100);
  budget.onPeerPause('lane', 50);
  expect(heard.mock.calls).toEqual([['lane', 100]]);
});

test('a pause is bounded to five minutes, and the wall clock moves neither a pause nor a reservation', async () => {
  const { lanes: budget } = lanes();
  budget.onPeerPause('paused', 86_400_000);
  expect(budget.pausedFor('paused')).toBe(300_000);
  await budget.tryConsume('key', 1);
  expect(await budget.tryConsume('key', 1)).toBe(1000);
  for (const stepMs of [-3_600_000, 3_600_000]) {
    vi.setSystemTime(Date.now() + stepMs);
    expect(budget.pausedFor('paused')).toBe(300_000);
    expect(await budget.tryConsume('key', 1)).toBe(1000);
  }
});
