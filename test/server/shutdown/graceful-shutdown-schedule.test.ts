import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { gracefulShutdown } from '../../../src/server/shutdown/graceful-shutdown.ts';

/** Clients without a socket. Each records the fake time of its close. */
function clients(count: number): { readonly closers: () => (() => void)[]; readonly times: number[] } {
  const times: number[] = [];
  const closers = Array.from({ length: count }, () => {
    let closed = false;
    return () => {
      if (!closed) times.push(performance.now());
      closed = true;
    };
  });
  return { closers: () => closers, times };
}

describe('the schedule of a graceful shutdown', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test.each([
    { count: 1, graceMs: 10_000, tookMs: 0 },
    { count: 50, graceMs: 10_000, tookMs: 980 },
    { count: 500, graceMs: 1_000, tookMs: 600 },
    { count: 10_000, graceMs: 10_000, tookMs: 6_000 },
  ])('spreads the closes of $count clients evenly over $tookMs ms of $graceMs', async ({ count, graceMs, tookMs }) => {
    const { closers, times } = clients(count);
    const startedAt = performance.now();
    const done = gracefulShutdown({ graceMs, closables: [{ closers }], idle: Promise.resolve() });
    await vi.advanceTimersByTimeAsync(graceMs);
    await done;
    const stepMs = Math.min(20, (graceMs * 0.6) / count);
    expect(times).toHaveLength(count);
    for (const [index, time] of times.entries()) {
      expect(time - startedAt).toBeGreaterThanOrEqual(Math.floor(index * stepMs));
      expect(time - startedAt).toBeLessThanOrEqual(Math.ceil(index * stepMs) + 10);
    }
    expect(times.at(-1) ?? 0).toBeLessThanOrEqual(startedAt + tookMs + 10);
  });

  test('waits until no client is connected, and at most 80 % of the grace period', async () => {
    const { closers } = clients(3);
    const ended = vi.fn();
    const never = new Promise<never>(() => {});
    const done = gracefulShutdown({ graceMs: 10_000, closables: [{ closers }], idle: never }).then(ended);
    await vi.advanceTimersByTimeAsync(7_999);
    expect(ended).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    await done;
    expect(ended).toHaveBeenCalledOnce();
  });
});
