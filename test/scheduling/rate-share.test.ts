import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UpstreamUnavailable } from '../../src/errors.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { TaskHarness, type Watcher } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const INTERVAL_MS = 500;
const TASKS = 20;

function subscribeTo(harness: TaskHarness, prefix: string, count: number): Watcher[] {
  return Array.from({ length: count }, (_, n) => harness.subscribe(`${prefix}-${n}`));
}

/** The longest time between two polls of one of the proven tasks since `from`, in ms. */
function longestGap(source: ScriptedSource, from: number): number {
  const gaps = Array.from({ length: TASKS }, (_, n) => {
    const times = [from, ...source.times(`good-${n}`).filter((at) => at > from), Date.now()];
    return times.slice(1).map((at, index) => at - (times[index] ?? at));
  });
  return Math.max(...gaps.flat());
}

/** The rate is the demand of the proven tasks, divided by `times`. */
function harnessWithDemand(times: number): TaskHarness {
  const source = new ScriptedSource((id) => (id.startsWith('bad') ? new UpstreamUnavailable('down') : report(id)));
  const maxRps = TASKS / (INTERVAL_MS / 1_000) / times;
  return new TaskHarness({ source, intervalMs: INTERVAL_MS, maxIntervalMs: INTERVAL_MS, maxRps });
}

describe.each([1, 2, 4])('proven tasks that need %i times the rate', (demand) => {
  test('are polled one interval later at most, with 3,000 failing ids', async () => {
    await using harness = harnessWithDemand(demand);
    const { source } = harness;
    const watchers = subscribeTo(harness, 'good', TASKS);
    await pass(20_000);
    const calmFrom = Date.now();
    await pass(20_000);
    const calmMs = longestGap(source, calmFrom);
    const from = Date.now();
    subscribeTo(harness, 'bad', 3_000);
    await pass(30_000);
    expect(longestGap(source, from) - calmMs).toBeLessThanOrEqual(INTERVAL_MS + 100);
    expect(watchers.some(({ states }) => states.some(({ stale }) => stale))).toBe(false);
  });

  test('leave a new task its first answer within two intervals', async () => {
    await using harness = harnessWithDemand(demand);
    subscribeTo(harness, 'good', TASKS);
    await pass(20_000);
    const anew = harness.subscribe('anew');
    await pass(2 * INTERVAL_MS);
    expect(anew.events).toHaveLength(1);
  });
});
