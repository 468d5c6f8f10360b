import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { CacheDependencies } from '../../../src/server/graphql/cache-dependencies.ts';
import { report, ScriptedSource } from '../../task/scripted-source.ts';
import { OWN, TaskHarness } from '../../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INTERVAL_MS = 1_000;
const HOUR_MS = 3_600_000;

/** What an operation has read that asked for one task. */
async function readOne(harness: TaskHarness): Promise<CacheDependencies> {
  const reads = new CacheDependencies();
  const asked = harness.registry.get('a', OWN);
  await vi.advanceTimersByTimeAsync(0);
  reads.record(harness.registry.watch('a', OWN), await asked);
  return reads;
}

const createHarness = (status: 'PROCESS' | 'SUCCESS') =>
  new TaskHarness({
    intervalMs: INTERVAL_MS,
    source: new ScriptedSource((id) => report(id, status)),
  });

test('a state stands for an interval', async () => {
  await using harness = createHarness('PROCESS');
  const reads = await readOne(harness);
  vi.advanceTimersByTime(INTERVAL_MS - 1);
  expect(reads.areCurrent()).toBe(true);
  vi.advanceTimersByTime(1);
  expect(reads.areCurrent()).toBe(false);
});

test.each([-HOUR_MS, HOUR_MS])('a step of the wall clock by %i ms changes nothing', async (stepMs) => {
  await using harness = createHarness('PROCESS');
  const reads = await readOne(harness);
  vi.setSystemTime(Date.now() + stepMs);
  expect(reads.areCurrent()).toBe(true);
  vi.advanceTimersByTime(INTERVAL_MS);
  expect(reads.areCurrent()).toBe(false);
});

test('a final state stands at any time of the clock', async () => {
  await using harness = createHarness('SUCCESS');
  const reads = await readOne(harness);
  for (const stepMs of [HOUR_MS, -2 * HOUR_MS]) {
    vi.setSystemTime(Date.now() + stepMs);
    expect(reads.areCurrent()).toBe(true);
  }
});
