import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RateLimiterClient } from '../../src/cluster/rate-limiter-client.ts';
import { reservationSize, SlotReservations } from '../../src/cluster/slot-reservations.ts';

beforeEach(() => vi.useFakeTimers({ now: 1_000_000 }));
afterEach(() => vi.useRealTimers());

function limiterClient() {
  const slots = new SlotReservations();
  const reserve = vi.fn(async (key: string, rate: number) => slots.reserve(key, rate, reservationSize(rate)));
  return { client: new RateLimiterClient(reserve), reserve };
}

test('a booking is made once and used when its time has come', async () => {
  const { client, reserve } = limiterClient();
  expect(await client.tryConsume('key', 10)).toBe(0);
  expect(await client.tryConsume('key', 10)).toBe(100);
  vi.advanceTimersByTime(60);
  expect(await client.tryConsume('key', 10)).toBe(40);
  vi.advanceTimersByTime(40);
  expect(await client.tryConsume('key', 10)).toBe(0);
  expect(reserve).toHaveBeenCalledTimes(2);
});

test('a reservation that is not used in its time is lost', async () => {
  const { client } = limiterClient();
  await client.tryConsume('key', 10);
  await client.tryConsume('key', 10);
  vi.advanceTimersByTime(10_000);
  expect(await client.tryConsume('key', 10)).toBe(0);
  expect(await client.tryConsume('key', 10)).toBe(100);
});

test('concurrent askers share one booking', async () => {
  const { client, reserve } = limiterClient();
  const waits = await Promise.all(Array.from({ length: 6 }, () => client.tryConsume('key', 100)));
  expect(waits).toEqual([0, 0, 0, 0, 0, 50]);
  expect(reserve).toHaveBeenCalledTimes(2);
});

test('a pause drops the reservation and is over by itself', async () => {
  const { client } = limiterClient();
  await client.tryConsume('key', 1);
  expect(client.pause('key', 500)).toBe(true);
  expect(client.pause('key', 400)).toBe(false);
  expect(client.pauses).toEqual([['key', 500]]);
  expect(await client.tryConsume('key', 1)).toBe(500);
  vi.advanceTimersByTime(500);
  expect(client.pauses).toEqual([]);
  expect(await client.tryConsume('key', 1)).toBe(500);
});

test('a pause listener that throws harms no other', () => {
  const { client } = limiterClient();
  const heard = vi.fn();
  client.onPause(() => {
    throw new Error('a fault of the listener');
  });
  client.onPause(heard);
  client.onPeerPause('key', 100);
  client.onPeerPause('key', 50);
  expect(heard.mock.calls).toEqual([['key', 100]]);
});

test('a pause is bounded to five minutes, and the wall clock moves neither a pause nor a reservation', async () => {
  const { client } = limiterClient();
  client.onPeerPause('paused', 86_400_000);
  expect(client.pausedFor('paused')).toBe(300_000);
  await client.tryConsume('key', 1);
  expect(await client.tryConsume('key', 1)).toBe(1000);
  for (const stepMs of [-3_600_000, 3_600_000]) {
    vi.setSystemTime(Date.now() + stepMs);
    expect(client.pausedFor('paused')).toBe(300_000);
    expect(await client.tryConsume('key', 1)).toBe(1000);
  }
});
