import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory-hub.ts';
import { UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { Heart, OWN } from './heart.ts';
import { report, ScriptedSource } from './scripted-source.ts';

const ID = 'task-1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A query, with the time it takes. */
async function get(heart: Heart, id = ID): Promise<TaskSnapshot | null> {
  const answer = heart.registry.get(id, OWN);
  answer.catch(() => {});
  await pass(0);
  return answer;
}

describe('queries', () => {
  test('join the call under way, and the poll', async () => {
    await using heart = new Heart();
    heart.source.latencyMs = 300;
    heart.subscribe(ID);
    await pass(100);
    const answers = Promise.all([heart.registry.get(ID, OWN), heart.registry.get(ID, OWN)]);
    await pass(300);
    expect(await answers).toMatchObject([{ task: { id: ID } }, { task: { id: ID } }]);
    expect(heart.source.calls).toHaveLength(1);
  });

  test('cost no call while the state is younger than an interval, and one after that', async () => {
    await using heart = new Heart();
    await get(heart);
    await pass(999);
    await get(heart);
    expect(heart.source.calls).toHaveLength(1);
    await pass(1);
    await get(heart);
    expect(heart.source.calls).toHaveLength(2);
    await pass(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('answer null for no such task, and remember that for an interval', async () => {
    await using heart = new Heart({ source: new ScriptedSource(() => null) });
    const answers = [heart.registry.get(ID, OWN), heart.registry.get(ID, OWN)];
    await pass(0);
    expect(await Promise.all(answers)).toEqual([null, null]);
    expect(await heart.registry.get(ID, OWN)).toBeNull();
    expect(heart.source.calls).toHaveLength(1);
  });

  test('throw what went wrong when there is no earlier state, else show that', async () => {
    await using heart = new Heart();
    heart.source.answer = () => new UpstreamUnavailable('down');
    await expect(get(heart)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    heart.source.answer = (id) => report(id);
    await pass(1_000);
    expect(await get(heart)).toMatchObject({ stale: false });
    heart.source.answer = () => new UpstreamUnavailable('down');
    await pass(1_000);
    expect(await get(heart)).toMatchObject({ stale: true, nextCheckAt: null });
  });

  test('are answered with a failure for a second at most: it is no state', async () => {
    await using heart = new Heart({ intervalMs: 60_000 });
    heart.source.answer = () => new UpstreamUnavailable('down');
    await expect(get(heart)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await pass(500);
    heart.source.answer = (id) => report(id);
    await expect(get(heart)).rejects.toMatchObject({ code: 'UPSTREAM_UNAVAILABLE' });
    await pass(500);
    expect(await get(heart)).toMatchObject({ stale: false });
    expect(heart.source.calls).toHaveLength(2);
  });

  test('tell how long to wait, also when A2E asks for fewer calls and does not say', async () => {
    await using heart = new Heart({ intervalMs: 3_000 });
    heart.source.answer = () => new UpstreamRateLimited('slower');
    await expect(get(heart)).rejects.toMatchObject({ extensions: { retryAfterSeconds: 3 } });
    await pass(1_500);
    await expect(get(heart)).rejects.toMatchObject({ extensions: { retryAfterSeconds: 2 } });
    expect(heart.source.calls).toHaveLength(1);
  });

  test('a query in every interval does not push the poll of a busy lane back', async () => {
    await using heart = new Heart({ maxRps: 2 });
    for (let n = 0; n < 10; n += 1) heart.subscribe(`task-${n}`);
    await pass(10_000);
    for (let n = 0; n < 100; n += 1) {
      void heart.registry.get('task-0', OWN);
      await pass(100);
    }
    expect(heart.source.times('task-0').length).toBeGreaterThanOrEqual(3);
  });

  test('while the breaker is open they are answered at once', async () => {
    await using heart = new Heart();
    heart.subscribe('seen');
    await pass(100);
    heart.source.answer = () => new UpstreamUnavailable('down');
    for (let n = 0; n < 10; n += 1) heart.subscribe(`other-${n}`);
    await pass(1_000);
    expect(heart.lanes.for(OWN).blockage?.kind).toBe('broken');
    const { calls } = heart.source;
    const before = calls.length;
    const answers = Promise.allSettled([heart.registry.get('seen', OWN), heart.registry.get('unseen', OWN)]);
    await pass(0);
    expect(await answers).toMatchObject([
      { status: 'fulfilled', value: { stale: true } },
      { status: 'rejected', reason: { code: 'UPSTREAM_UNAVAILABLE' } },
    ]);
    expect(calls.length - before).toBeLessThanOrEqual(1);
  });
});

describe('a hint', () => {
  test('has a watched task read at once, and an unwatched one not at all', async () => {
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(300);
    heart.source.answer = (id) => report(id, 'SUCCESS');
    for (const watch of heart.registry.watchedAmong(new Set([ID]))) watch.hint();
    await pass(0);
    expect(watcher.end).toBe('completed');
    heart.registry.watch('unwatched', OWN).hint();
    await pass(5_000);
    expect(heart.source.calls).toHaveLength(2);
  });

  test('that comes during a call has the task read again after it', async () => {
    await using heart = new Heart();
    heart.source.latencyMs = 500;
    heart.subscribe(ID);
    await pass(100);
    for (const watch of heart.registry.watchedAmong(new Set([ID]))) watch.hint();
    await pass(450);
    expect(heart.source.calls).toHaveLength(2);
  });

  test('claims its tick in a cluster too', async () => {
    const hub = new MemoryHub<WatchState>();
    await using heart = new Heart({ hub });
    await using other = new Heart({ hub, source: heart.source });
    heart.subscribe(ID);
    other.subscribe(ID);
    await pass(300);
    const calls = heart.source.calls.length;
    for (const watch of other.registry.watchedAmong(new Set([ID]))) watch.hint();
    await pass(0);
    expect(heart.source.calls).toHaveLength(calls + 1);
  });
});
