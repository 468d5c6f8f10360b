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

const createHeart = (status: 'PROCESS' | 'SUCCESS') =>
  new TaskHarness({
    intervalMs: INTERVAL_MS,
    source: new ScriptedSource((id) => report(id, status)),
  });

test('a state stands for an interval', async () => {
  await using harness = createHeart('PROCESS');
  const reads = await readOne(harness);
  vi.setSystemTime(Date.now() + INTERVAL_MS - 1);
  expect(reads.areCurrent()).toBe(true);
  vi.setSystemTime(Date.now() + 1);
  expect(reads.areCurrent()).toBe(false);
});

test('a state does not stand longer because the clock was set back', async () => {
  await using harness = createHeart('PROCESS');
  const reads = await readOne(harness);
  vi.setSystemTime(Date.now() - HOUR_MS);
  expect(reads.areCurrent()).toBe(false);
});

test('a final state stands, whatever the clock says', async () => {
  await using harness = createHeart('SUCCESS');
  const reads = await readOne(harness);
  for (const stepMs of [HOUR_MS, -2 * HOUR_MS]) {
    vi.setSystemTime(Date.now() + stepMs);
    expect(reads.areCurrent()).toBe(true);
  }
});
