import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { TaskNotFound, UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness } from './task-harness.ts';
import { WireCluster } from './wire-cluster.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const withoutResult = (id: string) => report(id, 'SUCCESS', { resultUrl: null });

/** Two gateways on one source; the wall clock of the second is ahead by `offsetMs`. */
async function twoGateways(stack: AsyncDisposableStack, offsetMs: number) {
  const source = new ScriptedSource();
  const hub = new MemoryHub<WatchState>();
  const clusters = [new WireCluster(hub), stack.use(new WireCluster(hub, offsetMs))] as const;
  const first = new TaskHarness({ source, cluster: clusters[0] });
  const second = stack.use(new TaskHarness({ source, cluster: clusters[1] }));
  /** Ends the first gateway, as a crash does. */
  const crash = async () => {
    await first[Symbol.asyncDispose]();
    await clusters[0][Symbol.asyncDispose]();
  };
  stack.defer(crash);
  return { source, first, second, crash };
}

describe.each([0, 3_600_000, -3_600_000, 600_000, -600_000])(
  'two gateways whose clocks differ by %i ms',
  (offsetMs) => {
    test('show the same states, poll once per interval, and are never stale', async () => {
      await using stack = new AsyncDisposableStack();
      const { source, first, second } = await twoGateways(stack, offsetMs);
      const watchers = [first.subscribe('task'), second.subscribe('task')];
      await pass(5_000);
      source.answer = (id) => report(id, 'COPY');
      await pass(25_000);
      expect(source.calls.length).toBeLessThanOrEqual(31);
      expect(source.calls.length).toBeGreaterThanOrEqual(28);
      for (const { states } of watchers) {
        expect(states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
        expect(states.some(({ stale }) => stale)).toBe(false);
      }
      for (const { registry } of [first, second]) {
        const { snapshot } = registry.watch('task', OWN).state;
        expect(snapshot?.stages.map(({ status }) => status)).toEqual(['PROCESS', 'COPY']);
        expect(Date.now() - (snapshot?.checkedAt ?? 0)).toBeLessThanOrEqual(1_100);
      }
    });

    test('take one unknown answer for a missed poll, on both', async () => {
      await using stack = new AsyncDisposableStack();
      const { source, first, second } = await twoGateways(stack, offsetMs);
      const watchers = [first.subscribe('task'), second.subscribe('task')];
      await pass(5_000);
      source.answer = () => null;
      await pass(200_000);
      for (const { end, last } of watchers) expect([end, last?.stale]).toEqual(['open', true]);
      source.answer = (id) => report(id);
      await pass(61_000);
      for (const { end, last } of watchers) expect([end, last?.stale]).toEqual(['open', false]);
    });

    test('agree on the five minutes of an unknown task, though the first one crashes', async () => {
      await using stack = new AsyncDisposableStack();
      const { source, first, second, crash } = await twoGateways(stack, offsetMs);
      first.subscribe('task');
      const watcher = second.subscribe('task');
      await pass(5_000);
      source.answer = () => null;
      await pass(200_000);
      await crash();
      await pass(90_000);
      expect(watcher.end).toBe('open');
      await pass(80_000);
      expect(watcher.error).toBeInstanceOf(TaskNotFound);
    });

    test('agree on the grace of a SUCCESS without its result, though the first one crashes', async () => {
      await using stack = new AsyncDisposableStack();
      const { source, first, second, crash } = await twoGateways(stack, offsetMs);
      source.answer = withoutResult;
      first.subscribe('task');
      await pass(20_000);
      await crash();
      const watcher = second.subscribe('task');
      await pass(9_000);
      expect(watcher).toMatchObject({ end: 'open', last: { finished: false } });
      await pass(4_000);
      expect(watcher).toMatchObject({ end: 'completed', last: { finished: true, stale: false } });
    });
  },
);

test('a state stored ten minutes ago is shown at once, and A2E is asked at once', async () => {
  await using stack = new AsyncDisposableStack();
  const { source, first, second, crash } = await twoGateways(stack, 0);
  first.subscribe('task');
  await pass(2_000);
  await crash();
  await pass(600_000);
  source.answer = (id) => report(id, 'COPY');
  source.latencyMs = 50;
  const watcher = second.subscribe('task');
  const answer = second.registry.get('task', OWN);
  await pass(100);
  expect((await answer)?.task.status).toBe('COPY');
  expect(watcher.states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
  const [shown] = watcher.states;
  expect(Date.now() - (shown?.checkedAt ?? 0)).toBeGreaterThan(600_000);
});

test('an outage between two unknown answers does not make a task gone', async () => {
  const source = new ScriptedSource();
  await using harness = new TaskHarness({ source });
  const watcher = harness.subscribe('task');
  await pass(2_000);
  source.answer = () => null;
  await pass(3_000);
  source.answer = () => new UpstreamUnavailable('down');
  await pass(360_000);
  source.answer = () => null;
  await pass(120_000);
  expect(watcher).toMatchObject({ end: 'open', last: { stale: true } });
});

test('polls that a pause holds back do not postpone the end of a task that A2E calls unknown', async () => {
  const source = new ScriptedSource();
  await using harness = new TaskHarness({ source });
  const watcher = harness.subscribe('task');
  await pass(2_000);
  source.answer = () => null;
  for (let minute = 0; minute < 6; minute += 1) {
    await pass(55_000);
    harness.schedulers.for(OWN).onPeer({ kind: 'peer-paused', forMs: 5_000 });
    await pass(5_000);
  }
  await pass(60_000);
  expect(watcher.error).toBeInstanceOf(TaskNotFound);
});
