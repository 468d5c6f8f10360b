import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory-hub.ts';
import { TaskNotFound, TokenRefused, Unauthenticated, UpstreamUnavailable } from '../../src/errors.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { callers, Heart, OWN } from './heart.ts';
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

describe('polling', () => {
  test('one call per interval for any number of watchers', async () => {
    await using heart = new Heart();
    const watchers = Array.from({ length: 50 }, () => heart.subscribe(ID));
    await pass(5_500);
    expect(heart.source.calls).toHaveLength(6);
    expect(watchers.every(({ events }) => events.length === 1)).toBe(true);
  });

  test('the next call is planned when the last has ended, so calls never overlap', async () => {
    await using heart = new Heart();
    heart.source.latencyMs = 2_500;
    heart.subscribe(ID);
    await pass(10_000);
    expect(heart.source.maxRunning).toBe(1);
    const [first = 0, second = 0] = heart.source.times();
    expect(second - first).toBe(3_500);
  });

  test('a task that does not change is polled ever more slowly, and a change brings the pace back', async () => {
    await using heart = new Heart({ maxIntervalMs: 3_000 });
    heart.subscribe(ID);
    await pass(30_000);
    const times = heart.source.times();
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps.slice(0, 3)).toEqual([1_000, 1_250, 1_563]);
    expect(gaps.at(-1)).toBe(3_000);
    heart.source.answer = (id) => report(id, 'COPY');
    await pass(3_000);
    const calls = heart.source.calls.length;
    await pass(1_000);
    expect(heart.source.calls).toHaveLength(calls + 1);
  });

  test('stops within the linger and one interval of the last watcher', async () => {
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(2_500);
    watcher.leave();
    await pass(2_000);
    const calls = heart.source.calls.length;
    expect(heart.registry.watchedCount).toBe(0);
    await pass(60_000);
    expect(heart.source.calls).toHaveLength(calls);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a watcher who comes back within the linger finds the watch as it was', async () => {
    await using heart = new Heart();
    heart.subscribe(ID).leave();
    await pass(500);
    heart.subscribe(ID);
    await pass(2_400);
    expect(heart.source.times().map((at) => at - (heart.source.times()[0] ?? 0))).toEqual([0, 1_000, 2_000]);
    expect(heart.registry.watchedCount).toBe(1);
  });

  test('leaving twice, and leaving after the end, undoes nothing of others', async () => {
    await using heart = new Heart();
    const one = heart.subscribe(ID);
    heart.subscribe(ID);
    await pass(100);
    one.leave();
    one.leave();
    await pass(5_000);
    expect(heart.registry.watchedCount).toBe(1);
    expect(heart.source.calls.length).toBeGreaterThan(4);
  });

  test('two credentials are two watches', async () => {
    await using heart = new Heart({
      source: new ScriptedSource((id, token) => report(id, 'INIT', { message: token })),
    });
    const [one, two] = [heart.subscribe(ID, callers('one')), heart.subscribe(ID, callers('two'))];
    await pass(100);
    expect(heart.source.calls).toHaveLength(2);
    expect([one.last?.task.message, two.last?.task.message]).toEqual(['one', 'two']);
  });
});

describe('states', () => {
  test('fields that grow with the clock are no event by themselves', async () => {
    let second = 0;
    const source = new ScriptedSource((id) => {
      second += 1;
      return report(id, 'PROCESS', { elapsedSeconds: second, reportedAt: second, progress: second > 3 ? 50 : 10 });
    });
    await using heart = new Heart({ source });
    const watcher = heart.subscribe(ID);
    await pass(10_000);
    expect(watcher.states.map(({ task }) => task.progress)).toEqual([10, 50]);
  });

  test('backwards among unfinished ones is shown, with the path so far', async () => {
    const path = ['INIT', 'PROCESS', 'PENDING', 'PROCESS', 'SUCCESS'] as const;
    let call = 0;
    await using heart = new Heart({ source: new ScriptedSource((id) => report(id, path[call++])) });
    const watcher = heart.subscribe(ID);
    await pass(10_000);
    expect(watcher.states.map(({ task }) => task.status)).toEqual(path);
    expect(watcher.last?.stages.map(({ status }) => status)).toEqual(path);
    expect(watcher.last?.stages.map(({ leftAt }) => leftAt === null)).toEqual([false, false, false, false, true]);
    expect(watcher.end).toBe('completed');
  });

  test('a late subscriber to a finished task gets one event and costs no call', async () => {
    await using heart = new Heart({ source: new ScriptedSource((id) => report(id, 'FAIL')) });
    heart.subscribe(ID);
    await pass(100);
    const late = heart.subscribe(ID);
    await pass(10_000);
    expect(late).toMatchObject({ end: 'completed', events: [{ task: { status: 'FAIL' }, nextCheckAt: null }] });
    expect(await heart.registry.get(ID, OWN)).toMatchObject({ task: { status: 'FAIL' } });
    expect(heart.source.calls).toHaveLength(1);
  });

  test('`stale` turns true once and false once, around the last good state', async () => {
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(1_500);
    heart.source.answer = () => new UpstreamUnavailable('down');
    await pass(5_000);
    heart.source.answer = (id) => report(id);
    await pass(60_000);
    expect(watcher.states.map(({ stale }) => stale)).toEqual([false, true, false]);
    expect(watcher.end).toBe('open');
  });

  test('"no such task" for a task already seen is a missed poll', async () => {
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(500);
    heart.source.answer = () => null;
    await pass(60_000);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: true, task: { status: 'PROCESS' } } });
    expect(await get(heart)).toMatchObject({ stale: true });
    heart.source.answer = (id) => report(id, 'SUCCESS');
    await pass(60_000);
    expect(watcher).toMatchObject({ end: 'completed', last: { stale: false } });
  });

  test('something unforeseen counts as a missed poll, and is told', async () => {
    const bug = new TypeError('a bug');
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(500);
    heart.source.answer = () => bug;
    await pass(1_000);
    expect(watcher.last?.stale).toBe(true);
    expect(heart.unforeseen).toEqual([bug]);
  });
});

describe('nextCheckAt', () => {
  test('is when the next call is made', async () => {
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(100);
    const planned = watcher.last?.nextCheckAt;
    await pass(3_000);
    expect(heart.source.times()).toContain(planned);
    expect(heart.registry.watch(ID, OWN).state.snapshot?.nextCheckAt).toBe((planned ?? 0) + 3_000);
  });

  test('is null when nobody watches', async () => {
    await using heart = new Heart();
    expect((await get(heart))?.nextCheckAt).toBeNull();
    heart.subscribe(ID).leave();
    await pass(5_000);
    expect(heart.registry.watch(ID, OWN).state.snapshot?.nextCheckAt).toBeNull();
  });

  test('is the next probe while upstream is away, and never in the past', async () => {
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(100);
    heart.source.answer = () => new UpstreamUnavailable('down');
    for (let second = 0; second < 600; second += 1) {
      await pass(1_000);
      const { nextCheckAt } = heart.registry.watch(ID, OWN).state.snapshot ?? {};
      expect(nextCheckAt).toBeGreaterThanOrEqual(Date.now());
    }
    const planned = heart.registry.watch(ID, OWN).state.snapshot?.nextCheckAt;
    await pass(11_000);
    expect(heart.source.times()).toContain(planned);
    expect(watcher.end).toBe('open');
  });

  test('counts the queue in when there are more tasks than the budget allows', async () => {
    await using heart = new Heart({ maxRps: 10 });
    for (let n = 0; n < 40; n += 1) heart.subscribe(`task-${n}`);
    await pass(20_000);
    const planned = Array.from(
      { length: 40 },
      (_, n) => heart.registry.watch(`task-${n}`, OWN).state.snapshot?.nextCheckAt,
    );
    const now = Date.now();
    await pass(6_000);
    for (const [n, at = 0] of planned.entries()) {
      const real = heart.source.times(`task-${n}`).find((time) => time >= now) ?? 0;
      expect(at).toBeGreaterThanOrEqual(now);
      expect(Math.abs(real - (at ?? 0))).toBeLessThan(500);
    }
  });
});

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
    for (const watch of heart.registry.watchedBy(ID)) watch.hint();
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
    for (const watch of heart.registry.watchedBy(ID)) watch.hint();
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
    for (const watch of other.registry.watchedBy(ID)) watch.hint();
    await pass(0);
    expect(heart.source.calls).toHaveLength(calls + 1);
  });
});

describe('who may see it', () => {
  test('a refused token of a caller ends its subscriptions alone, and its queries', async () => {
    const source = new ScriptedSource((id, token) => (token === 'bad' ? new TokenRefused('no') : report(id)));
    await using heart = new Heart({ source });
    const [good, bad] = [heart.subscribe(ID, callers('good')), heart.subscribe(ID, callers('bad'))];
    await pass(3_000);
    expect(bad).toMatchObject({ end: 'failed', events: [], error: expect.any(Unauthenticated) });
    expect(good).toMatchObject({ end: 'open', last: { stale: false } });
    const refused = expect(heart.registry.get(ID, callers('bad'))).rejects.toBeInstanceOf(Unauthenticated);
    await pass(0);
    await refused;
    await pass(5_000);
    expect(heart.registry.watchedCount).toBe(1);
  });

  test('a token that is good again some time later is not refused for its past', async () => {
    const source = new ScriptedSource(() => new TokenRefused('no'));
    await using heart = new Heart({ source });
    expect(heart.subscribe(ID, callers('x'))).toMatchObject({ end: 'open' });
    await pass(10_000);
    source.answer = (id) => report(id);
    const again = heart.subscribe(ID, callers('x'));
    await pass(100);
    expect(again).toMatchObject({ end: 'open', last: { stale: false } });
  });

  test("the gateway's own refused token ends nothing", async () => {
    await using heart = new Heart();
    const watcher = heart.subscribe(ID);
    await pass(100);
    heart.source.answer = () => new TokenRefused('no');
    await pass(61_000);
    expect(heart.source.calls.length).toBeLessThanOrEqual(2 + 6);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: true } });
    heart.source.answer = (id) => report(id);
    await pass(12_000);
    expect(watcher.last?.stale).toBe(false);
    expect(heart.events.filter(({ kind }) => kind === 'token-accepted')).toHaveLength(1);
  });
});

describe('a task that cannot be read yet', () => {
  test('gets a grace of three intervals', async () => {
    await using heart = new Heart({ source: new ScriptedSource(() => null) });
    const watcher = heart.subscribe(ID);
    await pass(2_999);
    expect(watcher.end).toBe('open');
    await pass(1);
    expect(watcher).toMatchObject({ end: 'failed', error: expect.any(TaskNotFound) });
  });

  test('is shown when it appears within the grace', async () => {
    const source = new ScriptedSource(() => null);
    await using heart = new Heart({ source });
    const watcher = heart.subscribe(ID);
    await pass(1_900);
    source.answer = (id) => report(id);
    await pass(10_000);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: false } });
  });

  test('is not "not found" because of an outage; without any answer it ends with an error in time', async () => {
    const source = new ScriptedSource(() => new UpstreamUnavailable('down'));
    await using heart = new Heart({ source });
    const watcher = heart.subscribe(ID);
    await pass(14_999);
    expect(watcher.end).toBe('open');
    await pass(1);
    expect(watcher).toMatchObject({ end: 'failed', error: { code: 'UPSTREAM_UNAVAILABLE' } });
  });

  test('each subscriber has a grace of its own', async () => {
    await using heart = new Heart({ source: new ScriptedSource(() => null) });
    heart.subscribe(ID);
    await pass(2_000);
    const second = heart.subscribe(ID);
    await pass(2_000);
    expect(second.end).toBe('open');
    await pass(1_000);
    expect(second.end).toBe('failed');
  });
});
