import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UpstreamUnavailable } from '../../src/errors.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { callers, OWN, TaskHarness } from './task-harness.ts';

const ID = 'task-1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A query, with the time it takes. */
const get = (harness: TaskHarness, id = ID) => harness.get(id, () => pass(0));

describe('polling', () => {
  test('one call per interval for any number of watchers', async () => {
    await using harness = new TaskHarness();
    const watchers = Array.from({ length: 50 }, () => harness.subscribe(ID));
    await pass(5_500);
    expect(harness.source.calls).toHaveLength(6);
    expect(watchers.every(({ events }) => events.length === 1)).toBe(true);
  });

  test('the next call is planned when the last has ended, so calls never overlap', async () => {
    await using harness = new TaskHarness();
    harness.source.latencyMs = 2_500;
    harness.subscribe(ID);
    await pass(10_000);
    expect(harness.source.maxRunning).toBe(1);
    const [first = 0, second = 0] = harness.source.times();
    expect(second - first).toBe(3_500);
  });

  test('a task that does not change is polled ever more slowly, and a change brings the pace back', async () => {
    await using harness = new TaskHarness({ maxIntervalMs: 3_000 });
    harness.subscribe(ID);
    await pass(30_000);
    const times = harness.source.times();
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(gaps.slice(0, 3)).toEqual([1_000, 1_250, 1_563]);
    expect(gaps.at(-1)).toBe(3_000);
    harness.source.answer = (id) => report(id, 'COPY');
    await pass(3_000);
    const calls = harness.source.calls.length;
    await pass(1_000);
    expect(harness.source.calls).toHaveLength(calls + 1);
  });

  test('stops within the linger and one interval of the last watcher', async () => {
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(2_500);
    watcher.leave();
    await pass(2_000);
    const calls = harness.source.calls.length;
    expect(harness.registry.watchedCount).toBe(0);
    await pass(60_000);
    expect(harness.source.calls).toHaveLength(calls);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('a watcher that comes back within the linger finds the watch as it was', async () => {
    await using harness = new TaskHarness();
    harness.subscribe(ID).leave();
    await pass(500);
    harness.subscribe(ID);
    await pass(2_400);
    expect(harness.source.times().map((at) => at - (harness.source.times()[0] ?? 0))).toEqual([0, 1_000, 2_000]);
    expect(harness.registry.watchedCount).toBe(1);
  });

  test('unsubscribing twice, or after the end, does not affect other watchers', async () => {
    await using harness = new TaskHarness();
    const one = harness.subscribe(ID);
    harness.subscribe(ID);
    await pass(100);
    one.leave();
    one.leave();
    await pass(5_000);
    expect(harness.registry.watchedCount).toBe(1);
    expect(harness.source.calls.length).toBeGreaterThan(4);
  });

  test('two credentials are two watches', async () => {
    await using harness = new TaskHarness({
      source: new ScriptedSource((id, token) => report(id, 'INIT', { message: token })),
    });
    const [one, two] = [harness.subscribe(ID, callers('one')), harness.subscribe(ID, callers('two'))];
    await pass(100);
    expect(harness.source.calls).toHaveLength(2);
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
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe(ID);
    await pass(10_000);
    expect(watcher.states.map(({ task }) => task.progress)).toEqual([10, 50]);
  });

  test('backwards among unfinished ones is shown, with the path so far', async () => {
    const path = ['INIT', 'PROCESS', 'PENDING', 'PROCESS', 'SUCCESS'] as const;
    let call = 0;
    await using harness = new TaskHarness({ source: new ScriptedSource((id) => report(id, path[call++])) });
    const watcher = harness.subscribe(ID);
    await pass(10_000);
    expect(watcher.states.map(({ task }) => task.status)).toEqual(path);
    expect(watcher.last?.stages.map(({ status }) => status)).toEqual(path);
    expect(watcher.last?.stages.map(({ leftAt }) => leftAt === null)).toEqual([false, false, false, false, true]);
    expect(watcher.end).toBe('completed');
  });

  test('a late subscriber to a finished task gets one event and costs no call', async () => {
    await using harness = new TaskHarness({ source: new ScriptedSource((id) => report(id, 'FAIL')) });
    harness.subscribe(ID);
    await pass(100);
    const late = harness.subscribe(ID);
    await pass(10_000);
    expect(late).toMatchObject({ end: 'completed', events: [{ task: { status: 'FAIL' }, nextCheckAt: null }] });
    expect(await harness.registry.get(ID, OWN)).toMatchObject({ task: { status: 'FAIL' } });
    expect(harness.source.calls).toHaveLength(1);
  });

  test('`stale` turns true once and false once, around the last good state', async () => {
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(1_500);
    harness.source.answer = () => new UpstreamUnavailable('down');
    await pass(5_000);
    harness.source.answer = (id) => report(id);
    await pass(60_000);
    expect(watcher.states.map(({ stale }) => stale)).toEqual([false, true, false]);
    expect(watcher.end).toBe('open');
  });

  test('"no such task" for a task already seen is a missed poll', async () => {
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(500);
    harness.source.answer = () => null;
    await pass(60_000);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: true, task: { status: 'PROCESS' } } });
    expect(await get(harness)).toMatchObject({ stale: true });
    harness.source.answer = (id) => report(id, 'SUCCESS');
    await pass(60_000);
    expect(watcher).toMatchObject({ end: 'completed', last: { stale: false } });
  });

  test('an unexpected error counts as a missed poll, and is reported', async () => {
    const bug = new TypeError('a bug');
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(500);
    harness.source.answer = () => bug;
    await pass(1_000);
    expect(watcher.last?.stale).toBe(true);
    expect(harness.unexpectedErrors).toEqual([bug]);
  });
});

describe('nextCheckAt', () => {
  test('is when the next call is made', async () => {
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(100);
    const planned = watcher.last?.nextCheckAt;
    await pass(3_000);
    expect(harness.source.times()).toContain(planned);
    expect(harness.registry.watch(ID, OWN).state.snapshot?.nextCheckAt).toBe((planned ?? 0) + 3_000);
  });

  test('is null without a watcher', async () => {
    await using harness = new TaskHarness();
    expect((await get(harness))?.nextCheckAt).toBeNull();
    harness.subscribe(ID).leave();
    await pass(5_000);
    expect(harness.registry.watch(ID, OWN).state.snapshot?.nextCheckAt).toBeNull();
  });

  test('is the next probe while upstream is away, and never in the past', async () => {
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(100);
    harness.source.answer = () => new UpstreamUnavailable('down');
    for (let second = 0; second < 600; second += 1) {
      await pass(1_000);
      const { nextCheckAt } = harness.registry.watch(ID, OWN).state.snapshot ?? {};
      expect(nextCheckAt).toBeGreaterThanOrEqual(Date.now());
    }
    const planned = harness.registry.watch(ID, OWN).state.snapshot?.nextCheckAt;
    await pass(11_000);
    expect(harness.source.times()).toContain(planned);
    expect(watcher.end).toBe('open');
  });

  test('is not late after a load that is over', async () => {
    await using harness = new TaskHarness({ maxRps: 2 });
    const watchers = Array.from({ length: 10 }, (_, n) => harness.subscribe(`task-${n}`));
    await pass(30_000);
    expect(harness.schedulers.report().latenessMs).toBeGreaterThan(1_000);
    for (const watcher of watchers) watcher.leave();
    await pass(10_000);
    const late = harness.subscribe('late');
    await pass(100);
    expect(late.last?.nextCheckAt).toBeLessThanOrEqual(Date.now() + 1_000);
  });

  test('counts the queue in when there are more tasks than the budget allows', async () => {
    await using harness = new TaskHarness({ maxRps: 10 });
    for (let n = 0; n < 40; n += 1) harness.subscribe(`task-${n}`);
    await pass(20_000);
    const planned = Array.from(
      { length: 40 },
      (_, n) => harness.registry.watch(`task-${n}`, OWN).state.snapshot?.nextCheckAt,
    );
    const now = Date.now();
    await pass(6_000);
    for (const [n, at = 0] of planned.entries()) {
      const real = harness.source.times(`task-${n}`).find((time) => time >= now) ?? 0;
      expect(at).toBeGreaterThanOrEqual(now);
      expect(Math.abs(real - (at ?? 0))).toBeLessThan(500);
    }
  });
});
