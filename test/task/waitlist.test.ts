import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Waitlist } from '../../src/task/waitlist.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('each waits until all are notified, or until its time-out', async () => {
  const waiters = new Waitlist();
  const waits = [waiters.wait(1_000), waiters.wait(500), waiters.wait(2_000)];
  await vi.advanceTimersByTimeAsync(500);
  expect(waiters.size).toBe(2);
  waiters.notifyAll();
  expect(await Promise.all(waits)).toEqual([true, false, true]);
  expect(waiters.size).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a signal ends the waits that go by it, and is left without listeners', async () => {
  const waiters = new Waitlist();
  const { signal, abort } = countedAbort();
  const [gone, stays] = [waiters.wait(1_000, signal), waiters.wait(1_000)];
  abort();
  expect(await gone).toBe(false);
  expect(await waiters.wait(1_000, signal)).toBe(false);
  expect(waiters.size).toBe(1);
  waiters.notifyAll();
  expect(await stays).toBe(true);

  const other = countedAbort();
  const told = waiters.wait(1_000, other.signal);
  expect(other.listeners()).toBe(1);
  waiters.notifyAll();
  await told;
  expect(other.listeners()).toBe(0);
});

function countedAbort() {
  const controller = new AbortController();
  const { signal } = controller;
  let count = 0;
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
  vi.spyOn(signal, 'addEventListener').mockImplementation((...args: Parameters<typeof add>) => {
    count += 1;
    add(...args);
  });
  vi.spyOn(signal, 'removeEventListener').mockImplementation((...args: Parameters<typeof remove>) => {
    count -= 1;
    remove(...args);
  });
  return { signal, abort: () => controller.abort(), listeners: () => count };
}
