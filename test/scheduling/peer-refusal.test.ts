import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { AccessDenied, TokenRefused } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { OWN, TaskHarness } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INTERVAL_MS = 500;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function pair() {
  const source = new ScriptedSource();
  const options = { source, hub: new MemoryHub<WatchState>(), intervalMs: INTERVAL_MS, maxIntervalMs: INTERVAL_MS };
  return { source, watching: new TaskHarness(options), other: new TaskHarness(options) };
}

/** The longest time between two polls of the task since `from`, in ms. */
function longestGap(source: ScriptedSource, id: string, from: number): number {
  const times = [from, ...source.times(id).filter((at) => at > from), Date.now()];
  return Math.max(...times.slice(1).map((at, n) => at - (times[n] ?? at)));
}

test.each([
  ['has just started', 0, 100],
  ['polls one proven task alone', 2_000, 1],
])('403s at a gateway that %s stop no other gateway', async (_name, provenForMs, tasks) => {
  const gateways = pair();
  const { source } = gateways;
  await using watching = gateways.watching;
  await using other = gateways.other;
  const watcher = watching.subscribe('good');
  await pass(2_000);
  if (provenForMs === 0) source.answer = (id) => (id === 'good' ? report(id) : new AccessDenied('denied'));
  for (let n = 0; n < tasks; n += 1) other.subscribe(`denied-${n}`);
  await pass(provenForMs);
  source.answer = (id) => (id === 'good' ? report(id) : new AccessDenied('denied'));
  const from = Date.now();
  await pass(60_000);
  expect(other.events).toContainEqual({ kind: 'token-refused', isConclusive: false });
  expect(watcher.states.some(({ stale }) => stale)).toBe(false);
  expect(longestGap(source, 'good', from)).toBeLessThanOrEqual(1_100);
});

test('a 401 stops every gateway', async () => {
  const gateways = pair();
  const { source } = gateways;
  await using watching = gateways.watching;
  await using other = gateways.other;
  const watcher = watching.subscribe('good');
  await pass(2_000);
  source.answer = (id) => (id === 'good' ? report(id) : new TokenRefused('refused'));
  other.subscribe('task');
  await pass(INTERVAL_MS + 100);
  expect(watching.schedulers.for(OWN).state).toMatchObject({ reason: 'token-refused', isConclusive: true });
  expect(watcher.last).toMatchObject({ stale: true });
});
