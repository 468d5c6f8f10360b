import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EarliestTimer } from '../../src/scheduling/earliest-timer.ts';
import { OWN, TaskHarness } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const MAX_TIMER_MS = 2 ** 31 - 1;

test('fires once, at the earliest time it was set for', () => {
  const fired: number[] = [];
  const timer = new EarliestTimer(() => fired.push(performance.now()));
  const from = performance.now();
  for (const ms of [300, 100, 200]) timer.set(from + ms);
  vi.advanceTimersByTime(1_000);
  expect(fired).toEqual([from + 100]);
  timer.set(performance.now() + 100);
  timer.clear();
  vi.advanceTimersByTime(1_000);
  expect(fired).toHaveLength(1);
});

test('does not fire at once for a time beyond the longest delay of setTimeout', () => {
  const fired: number[] = [];
  const timer = new EarliestTimer(() => fired.push(performance.now()));
  timer.set(performance.now() + MAX_TIMER_MS + 5_000);
  vi.advanceTimersByTime(60_000);
  expect(fired).toEqual([]);
});

test('a job beyond that delay runs when it is due, and not before', async () => {
  await using harness = new TaskHarness();
  const ran: number[] = [];
  const job = {
    id: 'task',
    isProven: true,
    run: () => {
      ran.push(performance.now());
      return Promise.resolve({ kind: 'answered' as const });
    },
    onBlocked: () => {},
  };
  const dueAt = performance.now() + MAX_TIMER_MS + 5_000;
  harness.schedulers.for(OWN).schedule(job, { dueAt });
  await vi.advanceTimersByTimeAsync(MAX_TIMER_MS + 4_000);
  expect(ran).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(ran).toEqual([dueAt]);
});
