import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { OWN, TaskHarness } from '../task/task-harness.ts';

const ID = 'task-1';
const INTERVAL_MS = 1_000;

let source: ScriptedSource;
let gateways: TaskHarness[];

beforeEach(() => {
  vi.useFakeTimers();
  source = new ScriptedSource();
  const hub = new MemoryHub<WatchState>();
  gateways = Array.from({ length: 3 }, () => new TaskHarness({ hub, source, intervalMs: INTERVAL_MS }));
});

afterEach(async () => {
  for (const gateway of gateways) await gateway[Symbol.asyncDispose]();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A hint reaches the gateways one after another. */
async function hint(id = ID): Promise<void> {
  for (const { registry } of gateways) {
    for (const watch of registry.activeWatches(new Set([id]))) watch.invalidate();
    await pass(5);
  }
}

test('a hint that reaches three gateways one after another costs one call, and all have its state', async () => {
  const watchers = gateways.map((gateway) => gateway.subscribe(ID));
  await pass(3_300);
  const before = source.calls.length;
  source.answer = (id) => report(id, 'COPY');
  await hint();
  expect(source.calls.length - before).toBe(1);
  expect(watchers.map(({ last }) => last?.task.status)).toEqual(['COPY', 'COPY', 'COPY']);
  await pass(900);
  expect(source.calls.length - before).toBe(1);
});

test('a thousand hints cost one call more than the polls of the time do', async () => {
  for (const gateway of gateways) gateway.subscribe(ID);
  await pass(3_300);
  const before = source.calls.length;
  const began = performance.now();
  for (let time = 0; time < 1_000; time += 1) await hint();
  const intervals = (performance.now() - began) / INTERVAL_MS;
  const calls = source.calls.length - before;
  // A claim is refused for nine tenths of an interval, so that a punctual poll is not.
  expect(calls).toBeLessThanOrEqual(Math.ceil(intervals / 0.9) + 1);
  expect(calls).toBeGreaterThan(intervals * 0.9);
});

test('a hint within an interval of the last one is followed when the interval is over', async () => {
  const slow = { source, intervalMs: INTERVAL_MS, maxIntervalMs: 60_000 };
  await using gateway = new TaskHarness(slow);
  const watcher = gateway.subscribe(ID);
  // By now the polls of the task are many intervals apart.
  await pass(100_000);
  const invalidate = () => {
    for (const watch of gateway.registry.activeWatches(new Set([ID]))) watch.invalidate();
  };
  invalidate();
  await pass(400);
  const before = source.calls.length;
  source.answer = (id) => report(id, 'SUCCESS');
  invalidate();
  await pass(500);
  expect([watcher.end, source.calls.length - before]).toEqual(['open', 0]);
  await pass(101);
  expect([watcher.end, source.calls.length - before]).toEqual(['completed', 1]);
});

test('a hint to a gateway that began to watch after the last hint is followed by the gateway that followed that one', async () => {
  const [one, two] = gateways;
  one?.subscribe(ID);
  await pass(1_300);
  await hint();
  const late = two?.subscribe(ID);
  await pass(100);
  source.answer = (id) => report(id, 'SUCCESS');
  await hint();
  await pass(INTERVAL_MS);
  expect(late).toMatchObject({ end: 'completed', last: { task: { status: 'SUCCESS' } } });
});

test('a task that backs off is polled once per interval for any number of hints', async () => {
  await using gateway = new TaskHarness({ source, intervalMs: INTERVAL_MS, random: () => 0.5 });
  gateway.subscribe(ID);
  await pass(300);
  source.answer = () => new UpstreamUnavailable('down');
  // The second failure backs off to 2.5 s, the middle of 1 s and 4 s.
  await pass(3_000);
  const before = source.calls.length;
  expect(before).toBe(3);
  for (let time = 0; time < 15; time += 1) {
    gateway.registry.watch(ID, OWN).invalidate();
    await pass(100);
  }
  expect(source.calls.length).toBe(before + 2);
});

test('a pause that A2E asked for holds for hints: they cost no call, and no task is stale for them', async () => {
  await using gateway = new TaskHarness({ source, intervalMs: INTERVAL_MS });
  const watches = [ID, 'other'].map((id) => {
    gateway.subscribe(id);
    return gateway.registry.watch(id, OWN);
  });
  await pass(1_300);
  source.answer = (id) => (id === 'other' ? new UpstreamRateLimited('429', { retryAfterMs: 600 }) : report(id));
  watches[1]?.invalidate();
  await pass(10);
  const before = source.calls.length;
  for (const watch of watches) watch.invalidate();
  await pass(10);
  expect(gateway.schedulers.for(OWN).state.kind).toBe('paused');
  expect([source.calls.length - before, ...watches.map(({ isStale }) => isStale)]).toEqual([0, false, true]);
});
