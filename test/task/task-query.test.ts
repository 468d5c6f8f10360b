import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness } from './task-harness.ts';

const ID = 'task-1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A query, with the time it takes. */
const get = (harness: TaskHarness, id = ID) => harness.get(id, () => pass(0));

describe('queries', () => {
  test('join the call under way, and the poll', async () => {
    await using harness = new TaskHarness();
    harness.source.latencyMs = 300;
    harness.subscribe(ID);
    await pass(100);
    const answers = Promise.all([harness.registry.get(ID, OWN), harness.registry.get(ID, OWN)]);
    await pass(300);
    expect(await answers).toMatchObject([{ task: { id: ID } }, { task: { id: ID } }]);
    expect(harness.source.calls).toHaveLength(1);
  });

  test('cost no call while the state is younger than an interval, and one after that', async () => {
    await using harness = new TaskHarness();
    await get(harness);
    await pass(999);
    await get(harness);
    expect(harness.source.calls).toHaveLength(1);
    await pass(1);
    await get(harness);
    expect(harness.source.calls).toHaveLength(2);
    await pass(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('answer null for no such task, and remember that for an interval', async () => {
    await using harness = new TaskHarness({ source: new ScriptedSource(() => null) });
    const answers = [harness.registry.get(ID, OWN), harness.registry.get(ID, OWN)];
    await pass(0);
    expect(await Promise.all(answers)).toEqual([null, null]);
    expect(await harness.registry.get(ID, OWN)).toBeNull();
    expect(harness.source.calls).toHaveLength(1);
  });

  test('throw the error of the poll without an earlier state, else show that state', async () => {
    await using harness = new TaskHarness();
    harness.source.answer = () => new UpstreamUnavailable('down');
    await expect(get(harness)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    harness.source.answer = (id) => report(id);
    await pass(1_000);
    expect(await get(harness)).toMatchObject({ stale: false });
    harness.source.answer = () => new UpstreamUnavailable('down');
    await pass(1_000);
    expect(await get(harness)).toMatchObject({ stale: true, nextCheckAt: null });
  });

  test('are answered with a failure for a second at most: it is no state', async () => {
    await using harness = new TaskHarness({ intervalMs: 60_000 });
    harness.source.answer = () => new UpstreamUnavailable('down');
    await expect(get(harness)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await pass(500);
    harness.source.answer = (id) => report(id);
    await expect(get(harness)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await pass(500);
    expect(await get(harness)).toMatchObject({ stale: false });
    expect(harness.source.calls).toHaveLength(2);
  });

  test('tell how long to wait, also when A2E asks for fewer calls and does not say', async () => {
    await using harness = new TaskHarness({ intervalMs: 3_000 });
    harness.source.answer = () => new UpstreamRateLimited('slower');
    await expect(get(harness)).rejects.toMatchObject({ extensions: { retryAfterSeconds: 3 } });
    await pass(1_500);
    await expect(get(harness)).rejects.toMatchObject({ extensions: { retryAfterSeconds: 2 } });
    expect(harness.source.calls).toHaveLength(1);
  });

  test('a query in every interval does not delay the polls of a busy scheduler', async () => {
    await using harness = new TaskHarness({ maxRps: 2 });
    for (let n = 0; n < 10; n += 1) harness.subscribe(`task-${n}`);
    await pass(10_000);
    for (let n = 0; n < 100; n += 1) {
      void harness.registry.get('task-0', OWN);
      await pass(100);
    }
    expect(harness.source.times('task-0').length).toBeGreaterThanOrEqual(3);
  });

  test('while the breaker is open they are answered at once', async () => {
    await using harness = new TaskHarness();
    harness.subscribe('seen');
    for (let n = 0; n < 10; n += 1) harness.subscribe(`other-${n}`);
    await pass(100);
    harness.source.answer = () => new UpstreamUnavailable('down');
    await pass(2_000);
    expect(harness.schedulers.for(OWN).state).toMatchObject({ kind: 'open', reason: 'origin-failing' });
    const { calls } = harness.source;
    const before = calls.length;
    const answers = Promise.allSettled([harness.registry.get('seen', OWN), harness.registry.get('unseen', OWN)]);
    await pass(0);
    expect(await answers).toMatchObject([
      { status: 'fulfilled', value: { stale: true } },
      { status: 'rejected', reason: { code: 'UPSTREAM_UNAVAILABLE' } },
    ]);
    expect(calls.length - before).toBeLessThanOrEqual(1);
  });
});

describe('a query without an own answer in time', () => {
  test.each(['unseen', 'seen'])('shows what another gateway was answered meanwhile: %s before', async (before) => {
    const hub = new MemoryHub<WatchState>();
    const silent = new ScriptedSource();
    silent.latencyMs = 60_000;
    await using busy = new TaskHarness({ hub, source: silent, firstAnswerMs: 5_000 });
    await using other = new TaskHarness({ hub });
    if (before === 'seen') {
      await get(other);
      await get(busy);
      await pass(2_000);
    }
    // Their calls hold every permit of the tasks without an answer.
    for (let n = 0; n < 100; n += 1) busy.subscribe(`silent-${n}`);
    await pass(100);
    const answer = busy.registry.get(ID, OWN);
    await pass(100);
    other.source.answer = (id) => report(id, 'COPY');
    other.subscribe(ID);
    await pass(5_000);
    expect(await answer).toMatchObject({ stale: false, task: { status: 'COPY' } });
  });
});

describe('a hint', () => {
  test('has a watched task read at once, and an unwatched one not at all', async () => {
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(300);
    harness.source.answer = (id) => report(id, 'SUCCESS');
    for (const watch of harness.registry.activeWatches(new Set([ID]))) watch.invalidate();
    await pass(0);
    expect(watcher.end).toBe('completed');
    harness.registry.watch('unwatched', OWN).invalidate();
    await pass(5_000);
    expect(harness.source.calls).toHaveLength(2);
  });

  test('that comes during a call has the task read again after it', async () => {
    await using harness = new TaskHarness();
    harness.source.latencyMs = 500;
    harness.subscribe(ID);
    await pass(100);
    for (const watch of harness.registry.activeWatches(new Set([ID]))) watch.invalidate();
    await pass(450);
    expect(harness.source.calls).toHaveLength(2);
  });

  test('claims its tick in a cluster too', async () => {
    const hub = new MemoryHub<WatchState>();
    await using harness = new TaskHarness({ hub });
    await using other = new TaskHarness({ hub, source: harness.source });
    harness.subscribe(ID);
    other.subscribe(ID);
    await pass(300);
    const calls = harness.source.calls.length;
    for (const watch of other.registry.activeWatches(new Set([ID]))) watch.invalidate();
    await pass(0);
    expect(harness.source.calls).toHaveLength(calls + 1);
  });
});
