import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness } from './task-harness.ts';

const INTERVAL_MS = 3_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('two gateways of a cluster: 500 states are fresh within two intervals of the recovery of A2E', async () => {
  const hub = new MemoryHub<WatchState>();
  const source = new ScriptedSource();
  source.latencyMs = 50;
  const options = { source, hub, intervalMs: INTERVAL_MS, maxIntervalMs: 10_000 };
  await using one = new TaskHarness(options);
  await using other = new TaskHarness(options);
  const gateways = [one, other];
  const watchers = gateways.flatMap((each) => Array.from({ length: 500 }, (_, n) => each.subscribe(`task-${n}`)));
  await pass(30_000);
  source.answer = () => new UpstreamUnavailable('down');
  await pass(60_000);
  expect(gateways.map((each) => each.schedulers.for(OWN).state.kind)).toEqual(['open', 'open']);
  const probes = source.calls.length;
  while (source.calls.length === probes || source.running > 0) await pass(10);
  source.answer = (id) => report(id);
  const recoveredAt = Date.now();
  while (watchers.some(({ last }) => last?.stale) && Date.now() - recoveredAt < 20_000) await pass(10);
  expect(Date.now() - recoveredAt).toBeLessThanOrEqual(2 * INTERVAL_MS);
});
