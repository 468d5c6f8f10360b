import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { Forbidden } from '../../src/errors.ts';
import { subscriptionTimeouts } from '../../src/task/task-observer.ts';
import { streamTasks } from '../../src/task/task-stream.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness } from './task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('the grace is three intervals, at least 2 s, at most the first-answer time-out', () => {
  expect(subscriptionTimeouts(100, 15_000).graceMs).toBe(2_000);
  expect(subscriptionTimeouts(3_000, 15_000).graceMs).toBe(9_000);
  expect(subscriptionTimeouts(10_000, 15_000).graceMs).toBe(15_000);
});

test('many tasks complete when all have finished, each with its final state', async () => {
  await using harness = new TaskHarness();
  const watcher = harness.subscribeAll(['a', 'b', 'c']);
  await pass(1_500);
  expect(watcher.events).toHaveLength(3);
  harness.source.answer = (id) => report(id, id === 'a' ? 'SUCCESS' : 'PROCESS');
  await pass(2_000);
  expect(watcher.end).toBe('open');
  harness.source.answer = (id) => report(id, 'FAIL');
  await pass(2_000);
  expect(watcher.end).toBe('completed');
  const finals = watcher.states.filter(({ nextCheckAt }) => nextCheckAt === null);
  expect(finals.map(({ task }) => `${task.id} ${task.status}`).sort()).toEqual(['a SUCCESS', 'b FAIL', 'c FAIL']);
});

test('one that does not exist ends its own part only, and the last one ends with the error', async () => {
  await using harness = new TaskHarness({ source: new ScriptedSource((id) => (id === 'a' ? report(id) : null)) });
  const some = harness.subscribeAll(['a', 'missing']);
  const none = harness.subscribeAll(['missing', 'gone']);
  await pass(4_000);
  expect(some).toMatchObject({ end: 'open', events: [{ task: { id: 'a' } }, { id: 'missing' }] });
  expect(none).toMatchObject({
    end: 'failed',
    error: { code: 'TASK_NOT_FOUND', extensions: { id: expect.any(String) } },
  });
  expect(none.events).toHaveLength(1);
});

test('a forbidden task ends with an error at once while the other tasks go on', async () => {
  await using harness = new TaskHarness();
  const error = new Forbidden('not yours');
  const stream = streamTasks(
    [{ id: 'x', error }, harness.registry.watch('a', OWN)],
    subscriptionTimeouts(1_000, 15_000),
  );
  expect(await stream.next()).toEqual({ done: false, value: { id: 'x', error } });
  const next = stream.next();
  await pass(0);
  expect(await next).toMatchObject({ value: { task: { id: 'a' } } });
  await stream.return?.();
  expect(harness.source.calls).toHaveLength(1);
});

test('no allowed task at all is an error', async () => {
  const stream = streamTasks([{ id: 'x', error: new Forbidden('no') }], subscriptionTimeouts(1_000, 15_000));
  await expect(stream.next()).rejects.toMatchObject({ code: 'FORBIDDEN', extensions: { id: 'x' } });
});

test('leaving stops every poll', async () => {
  await using harness = new TaskHarness();
  const watcher = harness.subscribeAll(['a', 'b', 'c']);
  await pass(100);
  watcher.leave();
  await pass(2_000);
  expect(harness.registry.watchedCount).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});

test('a slow reader gets the newest state, not a queue, and always the final one', async () => {
  let progress = 0;
  const source = new ScriptedSource((id) => report(id, progress < 5 ? 'PROCESS' : 'SUCCESS', { progress: progress++ }));
  await using harness = new TaskHarness({ source });
  const stream = streamTasks([harness.registry.watch('a', OWN)], subscriptionTimeouts(1_000, 15_000));
  await pass(3_500);
  expect(await stream.next()).toMatchObject({ value: { task: { progress: 3 } } });
  await pass(60_000);
  expect(await stream.next()).toMatchObject({ value: { task: { status: 'SUCCESS' } } });
  expect(await stream.next()).toEqual({ done: true, value: undefined });
});

/** A cluster whose stored states take long to read, while publications arrive. */
class SlowCluster extends MemoryCluster<WatchState> {
  override async read(topic: string): ReturnType<MemoryCluster<WatchState>['read']> {
    await new Promise((resolve) => setTimeout(resolve, 500));
    return super.read(topic);
  }
}

test('a state that a peer publishes while the stored one is being read ends the wait for a first answer', async () => {
  const hub = new MemoryHub<WatchState>();
  await using cluster = new SlowCluster({ hub });
  await using slow = new TaskHarness({ cluster, firstAnswerMs: 300 });
  await using peer = new TaskHarness({ hub });
  const [known, unknown] = [slow.subscribe('a'), slow.subscribe('b')];
  peer.subscribe('a');
  await pass(299);
  expect([known.end, unknown.end]).toEqual(['open', 'open']);
  await pass(1);
  expect(unknown).toMatchObject({ end: 'failed', error: { code: 'UPSTREAM_UNAVAILABLE' } });
  await pass(200);
  expect(known).toMatchObject({ end: 'open', events: [{ task: { id: 'a' }, stale: false }] });
  expect(slow.source.calls.filter(({ id }) => id === 'a')).toEqual([]);
});
