import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { TokenRefused, UpstreamUnavailable } from '../../src/errors.ts';
import { UNKNOWN_STATE, type WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { callers, OWN, TaskHarness } from './task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test('there is one watch per task and credential', async () => {
  await using harness = new TaskHarness();
  const { registry } = harness;
  expect(registry.watch('a', OWN)).toBe(registry.watch('a', OWN));
  expect(registry.watch('a', OWN)).not.toBe(registry.watch('a', callers('x')));
  expect(registry.watch('__proto__', OWN).id).toBe('__proto__');
});

test('an unwatched task is remembered, the latest used first; a watched task always', async () => {
  await using harness = new TaskHarness({ maxCached: 2 });
  harness.subscribe('watched');
  const watched = harness.registry.watch('watched', OWN);
  const [a, b] = [harness.registry.watch('a', OWN), harness.registry.watch('b', OWN)];
  harness.registry.watch('a', OWN);
  harness.registry.watch('c', OWN);
  expect(harness.registry.watch('a', OWN)).toBe(a);
  expect(harness.registry.watch('b', OWN)).not.toBe(b);
  expect(harness.registry.watch('watched', OWN)).toBe(watched);
});

test('a query with a token that A2E refuses takes no place from a remembered task', async () => {
  const source = new ScriptedSource(() => new TokenRefused('no'));
  await using harness = new TaskHarness({ source, maxCached: 2 });
  const remembered = harness.registry.watch('a', OWN);
  for (const token of ['x', 'y', 'z']) {
    const refused = expect(harness.registry.get('b', callers(token))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    await pass(10);
    await refused;
  }
  expect(harness.registry.watch('a', OWN)).toBe(remembered);
});

test('disposal stops every poll and answers every query', async () => {
  const harness = new TaskHarness({ maxRps: 1 });
  for (const id of ['a', 'b', 'c']) harness.subscribe(id);
  const refused = expect(harness.registry.get('d', OWN)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
  await pass(10);
  await harness[Symbol.asyncDispose]();
  await refused;
  const calls = harness.source.calls.length;
  await pass(60_000);
  expect(harness.source.calls).toHaveLength(calls);
});

describe('two gateways', () => {
  test('poll a task once per interval together, and both hear everything', async () => {
    const hub = new MemoryHub<WatchState>();
    let progress = 0;
    const source = new ScriptedSource((id) => report(id, 'PROCESS', { progress: progress++ }));
    await using one = new TaskHarness({ hub, source });
    await using two = new TaskHarness({ hub, source });
    const watchers = [one.subscribe('a'), two.subscribe('a')];
    await pass(20_500);
    expect(source.calls.length).toBeGreaterThanOrEqual(20);
    expect(source.calls.length).toBeLessThanOrEqual(21);
    const seen = watchers.map(({ states }) => states.map(({ task }) => task.progress));
    expect(seen[0]).toEqual(seen[1]);
  });

  test('when the one that polls is gone the other takes over within two intervals', async () => {
    const hub = new MemoryHub<WatchState>();
    const source = new ScriptedSource();
    const one = new TaskHarness({ hub, source });
    await using two = new TaskHarness({ hub, source });
    one.subscribe('a');
    await pass(500);
    const watcher = two.subscribe('a');
    await pass(5_000);
    await one[Symbol.asyncDispose]();
    source.answer = (id) => report(id, 'COPY');
    await pass(2_000);
    expect(watcher.last?.task.status).toBe('COPY');
  });

  test('a query costs no call when the other gateway has a recent or a final state', async () => {
    const hub = new MemoryHub<WatchState>();
    const source = new ScriptedSource();
    await using one = new TaskHarness({ hub, source });
    await using two = new TaskHarness({ hub, source });
    one.subscribe('a');
    await pass(500);
    expect(await two.registry.get('a', OWN)).toMatchObject({ task: { id: 'a' } });
    expect(source.calls).toHaveLength(1);
    source.answer = (id) => report(id, 'SUCCESS');
    await pass(60_000);
    expect(await two.registry.get('a', OWN)).toMatchObject({ task: { status: 'SUCCESS' } });
    expect(two.subscribe('a')).toMatchObject({ since: expect.any(Number) });
    await pass(100);
    expect(source.calls).toHaveLength(2);
  });

  test('a gateway that cannot reach A2E shows the state that its peer published', async () => {
    const hub = new MemoryHub<WatchState>();
    await using one = new TaskHarness({ hub, source: new ScriptedSource(() => new UpstreamUnavailable('cut off')) });
    let progress = 0;
    await using two = new TaskHarness({
      hub,
      source: new ScriptedSource((id) => report(id, 'PROCESS', { progress: progress++ })),
    });
    const watchers = [one.subscribe('a'), two.subscribe('a')];
    await pass(60_000);
    for (const { states, end } of watchers) {
      expect(end).toBe('open');
      const seen = states.map(({ task }) => task.progress ?? 0);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen.at(-1)).toBeGreaterThan(10);
    }
  });

  test('a state confirmed here later than in the peer is kept', async () => {
    const hub = new MemoryHub<WatchState>();
    await using harness = new TaskHarness({ hub });
    const watcher = harness.subscribe('a');
    await pass(500);
    const { key, state } = harness.registry.watch('a', OWN);
    await using other = new TaskHarness({ hub });
    const older = state.snapshot && { ...state.snapshot, version: 1, task: report('a', 'INIT') };
    const failure = new UpstreamUnavailable('down');
    const version = state.version + 1;
    await other.cluster.publish(key, { version, state: { ...state, version, snapshot: older, failure } }, 60_000);
    await pass(0);
    expect(watcher.states.map(({ task, stale }) => [task.status, stale])).toEqual([
      ['PROCESS', false],
      ['PROCESS', true],
    ]);
  });

  test('a clock that is wrong elsewhere makes no state look fresh for ever', async () => {
    const hub = new MemoryHub<WatchState>();
    await using harness = new TaskHarness({ hub });
    await using other = new TaskHarness({ hub });
    const attemptedAt = performance.now() + 3_600_000;
    const snapshot = {
      version: 1,
      task: report('a'),
      checkedAt: Date.now() + 3_600_000,
      nextCheckAt: null,
      stale: false,
      finished: false,
      stages: [],
    };
    await other.cluster.publish(
      harness.registry.watch('a', OWN).key,
      { version: 1, state: { ...UNKNOWN_STATE, version: 1, snapshot, attemptedAt } },
      60_000,
    );
    await harness.registry.get('a', OWN);
    await pass(1_000);
    const answer = harness.registry.get('a', OWN);
    await pass(0);
    await answer;
    expect(harness.source.calls).toHaveLength(1);
  });
});
