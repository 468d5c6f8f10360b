import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ClusterHealth } from '../../src/cluster/contract.ts';
import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { TaskHarness } from './task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A cluster that loses its other gateways and all states when a test says so. */
class LosableCluster extends MemoryCluster<WatchState> {
  lost: 'nothing' | 'connection' | 'states' = 'nothing';

  override get health(): ClusterHealth {
    return this.lost === 'connection' ? 'away' : 'connected';
  }

  override read(topic: string): ReturnType<MemoryCluster<WatchState>['read']> {
    return this.lost === 'nothing' ? super.read(topic) : Promise.resolve(null);
  }

  override claim(topic: string, intervalMs: number, after: number): Promise<number | null> {
    return this.lost === 'nothing' ? super.claim(topic, intervalMs, after) : Promise.resolve(after + 1);
  }
}

/** A task at 10 % that this gateway has watched before; since then another gateway has shown clients more of it. */
async function watchedBefore(
  source: ScriptedSource,
  cluster: LosableCluster,
  intervalMs = 1_000,
): Promise<TaskHarness> {
  const gateway = new TaskHarness({ source, cluster, intervalMs });
  source.answer = (id) => report(id, 'PROCESS', { progress: 10 });
  const before = gateway.subscribe('moved');
  await pass(500);
  before.leave();
  await pass(20_000);
  source.answer = (id) => report(id, 'PROCESS', { progress: 60 });
  return gateway;
}

for (const lost of ['connection', 'states'] as const) {
  test(`the cluster has lost its ${lost}: a client that moves here is shown the state of now, not an older one`, async () => {
    const source = new ScriptedSource();
    await using cluster = new LosableCluster({ hub: new MemoryHub<WatchState>() });
    await using gateway = await watchedBefore(source, cluster);
    cluster.lost = lost;
    source.latencyMs = 50;
    const asked = source.calls.length;
    const moved = gateway.subscribe('moved');
    await pass(200);
    expect(moved.states.map(({ task, stale }) => [task.progress, stale])).toEqual([[60, false]]);
    expect(source.calls).toHaveLength(asked + 1);
  });
}

test('without the cluster and without A2E the last known state is shown as stale', async () => {
  const source = new ScriptedSource();
  await using cluster = new LosableCluster({ hub: new MemoryHub<WatchState>() });
  await using gateway = await watchedBefore(source, cluster);
  cluster.lost = 'connection';
  source.answer = () => new UpstreamUnavailable('down');
  const moved = gateway.subscribe('moved');
  await pass(200);
  expect(moved.states.map(({ task, stale }) => [task.progress, stale])).toEqual([[10, true]]);
});

for (const { intervalMs, capMs } of [
  { intervalMs: 1_000, capMs: 1_000 },
  { intervalMs: 10_000, capMs: 2_000 },
]) {
  test(`A2E hangs: after ${capMs} ms of an interval of ${intervalMs} ms a client is shown the remembered state`, async () => {
    const source = new ScriptedSource();
    await using cluster = new LosableCluster({ hub: new MemoryHub<WatchState>() });
    await using gateway = await watchedBefore(source, cluster, intervalMs);
    cluster.lost = 'connection';
    source.latencyMs = 60_000;
    const patient = gateway.subscribe('moved');
    await pass(capMs - 50);
    expect(patient.states).toEqual([]);
    await pass(100);
    expect(patient.states.map(({ task }) => task.progress)).toEqual([10]);
    patient.leave();
    await pass(60_000);
    expect(gateway.registry.watchedCount).toBe(0);
  });
}

test('300 clients that reconnect at once wait for an interval, not for the budget of calls', async () => {
  const source = new ScriptedSource();
  await using cluster = new LosableCluster({ hub: new MemoryHub<WatchState>() });
  await using gateway = new TaskHarness({ source, cluster, maxRps: 100 });
  source.answer = (id) => report(id, 'PROCESS', { progress: 10 });
  const subscribe = () => Array.from({ length: 300 }, (_, n) => gateway.subscribe(`task-${n}`));
  const before = subscribe();
  await pass(20_000);
  expect(before.filter(({ last }) => last === undefined)).toEqual([]);
  for (const watcher of before) watcher.leave();
  await pass(20_000);
  cluster.lost = 'connection';
  const back = subscribe();
  await pass(1_100);
  expect(back.filter(({ last }) => last === undefined)).toEqual([]);
});
