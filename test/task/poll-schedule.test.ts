import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ScheduledJob, ScheduleOptions } from '../../src/scheduling/job.ts';
import { PollSchedule } from '../../src/task/poll-schedule.ts';

const INTERVAL_MS = 1_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A schedule, and the jobs that wait. The test starts them. */
function createSchedule() {
  const waiting = new Set<ScheduledJob>();
  const enqueue = ({ dueAt, urgent = false }: ScheduleOptions): ScheduledJob => {
    const expectedAt = dueAt ?? performance.now();
    const job = { dueAt, urgent, expectedAt, cancel: () => void waiting.delete(job) };
    waiting.add(job);
    return job;
  };
  return { schedule: new PollSchedule(enqueue), waiting };
}

test('a hint before the first poll is planned asks for nothing: the first poll reads the new state', () => {
  const { schedule, waiting } = createSchedule();
  schedule.invalidate({ mayHasten: false });
  expect([waiting.size, schedule.dueAt]).toEqual([0, null]);
  schedule.pollIn(INTERVAL_MS);
  expect(schedule.begin(INTERVAL_MS)).toEqual({ intervalMs: INTERVAL_MS, isHinted: false });
  expect(schedule.end()).toBe(false);
});

test('a hint that may not hasten leaves the poll where it is, and the poll serves it', () => {
  const { schedule, waiting } = createSchedule();
  schedule.pollIn(INTERVAL_MS);
  schedule.invalidate({ mayHasten: false });
  expect([...waiting].map(({ dueAt, urgent }) => [dueAt, urgent])).toEqual([[performance.now() + INTERVAL_MS, false]]);
  expect(schedule.begin(INTERVAL_MS).isHinted).toBe(true);
  schedule.onClaimed();
  expect(schedule.end()).toBe(false);
});

test('a hint while the tick is won is served, and one during the call is left over', () => {
  const { schedule } = createSchedule();
  schedule.pollIn(0);
  schedule.begin(INTERVAL_MS);
  schedule.invalidate({ mayHasten: true });
  schedule.onClaimed();
  schedule.invalidate({ mayHasten: true });
  expect(schedule.end()).toBe(true);
});

test('a tick that is won after the end of its poll takes no hint from the next one', () => {
  const { schedule } = createSchedule();
  schedule.pollIn(0);
  schedule.begin(INTERVAL_MS);
  schedule.end();
  schedule.pollIn(INTERVAL_MS);
  schedule.invalidate({ mayHasten: false });
  schedule.onClaimed();
  expect([schedule.isPolling, schedule.begin(INTERVAL_MS).isHinted]).toEqual([false, true]);
});

test('a poll whose job is no longer planned asks for a whole interval, whatever was planned before', () => {
  const { schedule, waiting } = createSchedule();
  schedule.repeatIn(INTERVAL_MS / 2, { kind: 'repeat', periodMs: INTERVAL_MS, isFirstRepeat: false });
  schedule.cancel();
  expect(waiting.size).toBe(0);
  expect(schedule.begin(INTERVAL_MS)).toEqual({ intervalMs: INTERVAL_MS, isHinted: false });
  expect(schedule.isPolling).toBe(true);
});
