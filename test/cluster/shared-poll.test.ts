import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { OWN, TaskHarness, type TaskHarnessOptions, type Watcher } from '../task/task-harness.ts';
import { WireCluster } from '../task/wire-cluster.ts';

const ID = 'task-1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Gateways of one cluster, each with a source of its own, so that it shows who has called. */
function gateways(count: number, options: TaskHarnessOptions = {}): TaskHarness[] {
  const hub = new MemoryHub<WatchState>();
  return Array.from({ length: count }, () => new TaskHarness({ hub, source: new ScriptedSource(), ...options }));
}

async function query(harness: TaskHarness | undefined, id = ID): Promise<string | undefined> {
  const answer = harness?.registry.get(id, OWN);
  answer?.catch(() => {});
  await pass(0);
  return (await answer)?.task.status;
}

/** The times at which the task was requested, and the index of the gateway. */
function calls(harnesses: readonly TaskHarness[]): { readonly at: number; readonly by: number }[] {
  const all = harnesses.flatMap(({ source }, by) => source.times(ID).map((at) => ({ at, by })));
  return all.sort((a, b) => a.at - b.at);
}

function answerAll(harnesses: readonly TaskHarness[], answer: ScriptedSource['answer']): void {
  for (const { source } of harnesses) source.answer = answer;
}

async function dispose(harnesses: readonly TaskHarness[]): Promise<void> {
  for (const harness of harnesses) await harness[Symbol.asyncDispose]();
}

describe('several gateways watching one task', () => {
  test('call once per interval, and the same one goes on', async () => {
    const harnesses = gateways(3);
    for (const harness of harnesses) harness.subscribe(ID);
    await pass(20_500);
    const all = calls(harnesses);
    expect(all).toHaveLength(21);
    expect(new Set(all.map(({ by }) => by)).size).toBe(1);
    await dispose(harnesses);
  });

  test('stay together when the task is polled ever more slowly', async () => {
    const harnesses = gateways(3, { maxIntervalMs: 8_000 });
    for (const harness of harnesses) harness.subscribe(ID);
    await pass(100_000);
    const all = calls(harnesses);
    const gaps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? 0));
    expect(new Set(all.map(({ by }) => by)).size).toBe(1);
    expect(gaps.at(-1)).toBe(8_000);
    await dispose(harnesses);
  });

  test('all show every state, and none twice', async () => {
    const harnesses = gateways(3);
    const watchers = harnesses.map((harness) => harness.subscribe(ID));
    for (let progress = 0; progress < 10; progress += 1) {
      answerAll(harnesses, (id) => report(id, 'PROCESS', { progress }));
      await pass(1_000);
    }
    for (const { states } of watchers)
      expect(states.map(({ task }) => task.progress)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    answerAll(harnesses, (id) => report(id, 'SUCCESS'));
    await pass(1_000);
    expect(watchers.map(({ end }) => end)).toEqual(['completed', 'completed', 'completed']);
    const made = calls(harnesses).length;
    await pass(60_000);
    expect(calls(harnesses)).toHaveLength(made);
    await dispose(harnesses);
  });

  test('another takes over within two intervals when the one that polls is gone', async () => {
    const harnesses = gateways(3);
    for (const harness of harnesses) harness.subscribe(ID);
    await pass(3_100);
    const last = calls(harnesses).at(-1);
    await harnesses[last?.by ?? 0]?.[Symbol.asyncDispose]();
    await pass(10_000);
    const next = calls(harnesses).find(({ at }) => at > (last?.at ?? 0));
    expect(next?.by).not.toBe(last?.by);
    expect((next?.at ?? 0) - (last?.at ?? 0)).toBeLessThan(2_000);
    await dispose(harnesses);
  });

  test('another takes over when the calls of the one that polls fail, and it stays so', async () => {
    const harnesses = gateways(2);
    const [sick, well] = harnesses;
    sick?.subscribe(ID);
    await pass(100);
    const watcher = well?.subscribe(ID);
    if (sick) sick.source.answer = () => new UpstreamUnavailable('its own way is cut');
    await pass(4_000);
    expect(watcher?.last?.stale).toBe(false);
    const failed = sick?.source.calls.length;
    await pass(20_000);
    expect(sick?.source.calls).toHaveLength(failed ?? 0);
    expect(watcher?.states.filter(({ stale }) => stale)).toHaveLength(1);
    await dispose(harnesses);
  });

  test('a call that hangs on one gateway is made by another an interval later', async () => {
    const harnesses = gateways(2);
    const [slow, quick] = harnesses;
    slow?.subscribe(ID);
    await pass(100);
    const watcher = quick?.subscribe(ID);
    if (slow) slow.source.latencyMs = 10_000;
    answerAll(harnesses, (id) => report(id, 'COPY'));
    await pass(2_300);
    expect(watcher?.last?.task.status).toBe('COPY');
    if (slow) slow.source.answer = (id) => report(id, 'PROCESS');
    await pass(20_000);
    // The late answer is older than what was shown since.
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
    await dispose(harnesses);
  });
});

describe('the state of another gateway', () => {
  test('answers a query while it is young, without a call', async () => {
    const harnesses = gateways(2);
    const [one, two] = harnesses;
    expect(await query(one)).toBe('PROCESS');
    await pass(900);
    expect(await query(two)).toBe('PROCESS');
    expect(calls(harnesses)).toHaveLength(1);
    await pass(200);
    expect(await query(two)).toBe('PROCESS');
    expect(calls(harnesses)).toHaveLength(2);
    await dispose(harnesses);
  });

  test('answers a query, though this gateway itself was not allowed to ask a moment ago', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const harnesses = gateways(2);
    const [one, two] = harnesses;
    if (one) one.source.answer = () => new UpstreamRateLimited('limited', { retryAfterMs: 4_000 });
    await expect(query(one, 'another')).rejects.toThrow('limited');
    await pass(3_500);
    await expect(query(one)).rejects.toThrow('limited');
    const watcher = two?.subscribe(ID);
    await pass(700);
    expect(watcher?.states).toHaveLength(1);
    expect(await query(one)).toBe('PROCESS');
    expect(calls(harnesses)).toEqual([{ at: expect.any(Number), by: 1 }]);
    await dispose(harnesses);
  });

  test.each([-3_600_000, 3_600_000])('answers a query, though its clock is %i ms off', async (offsetMs) => {
    const hub = new MemoryHub<WatchState>();
    const source = new ScriptedSource();
    await using skewed = new WireCluster(hub, offsetMs);
    await using exact = new WireCluster(hub);
    await using one = new TaskHarness({ source, cluster: skewed });
    await using two = new TaskHarness({ source, cluster: exact });
    one.subscribe(ID);
    await pass(1_300);
    const calls = source.calls.length;
    const answer = two.registry.get(ID, OWN);
    await pass(0);
    expect(await answer).toMatchObject({ stale: false });
    expect(source.calls).toHaveLength(calls);
  });

  test('is waited for by a query when the call is under way', async () => {
    const harnesses = gateways(2, { intervalMs: 3_000 });
    const [one, two] = harnesses;
    if (one) one.source.latencyMs = 500;
    const first = one?.registry.get(ID, OWN);
    await pass(100);
    const second = two?.registry.get(ID, OWN);
    await pass(400);
    expect((await first)?.task.status).toBe('PROCESS');
    expect((await second)?.task.status).toBe('PROCESS');
    expect(calls(harnesses)).toHaveLength(1);
    await dispose(harnesses);
  });

  test('of a finished task is known for good: no call, one event, completion', async () => {
    const harnesses = gateways(2);
    const [one, two] = harnesses;
    answerAll(harnesses, (id) => report(id, 'SUCCESS'));
    await query(one);
    await pass(3_600_000);
    expect(await query(two)).toBe('SUCCESS');
    const watcher = two?.subscribe(ID);
    await pass(0);
    expect(watcher).toMatchObject({ end: 'completed', events: { length: 1 } });
    expect(calls(harnesses)).toHaveLength(1);
    await dispose(harnesses);
  });

  test('comes first to a gateway that begins to watch, which then keeps out of the way', async () => {
    const harnesses = gateways(2);
    const [one, two] = harnesses;
    one?.subscribe(ID);
    await pass(1_500);
    const watcher = two?.subscribe(ID);
    await pass(0);
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS']);
    await pass(10_000);
    expect(two?.source.calls).toEqual([]);
    await dispose(harnesses);
  });

  test('comes before the state of this gateway, which may be older than the one its client has seen there', async () => {
    const harnesses = gateways(2);
    const [one, two] = harnesses;
    two?.subscribe(ID).leave();
    await pass(5_000);
    answerAll(harnesses, (id) => report(id, 'SUCCESS'));
    const there = one?.subscribe(ID);
    await pass(1_000);
    expect(there?.last?.task.status).toBe('SUCCESS');
    const here = two?.subscribe(ID);
    await pass(0);
    expect(here).toMatchObject({ end: 'completed', events: [{ task: { status: 'SUCCESS' } }] });
    await dispose(harnesses);
  });

  test('is no answer to a query beside a new subscription when it is old', async () => {
    const harnesses = gateways(2);
    const [one, two] = harnesses;
    one?.subscribe(ID).leave();
    await pass(60_000);
    answerAll(harnesses, (id) => report(id, 'COPY'));
    const watcher = two?.subscribe(ID);
    expect(await query(two)).toBe('COPY');
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
    expect(two?.source.calls).toHaveLength(1);
    await dispose(harnesses);
  });

  test('is shown at once, and checked at once, when it is old and no gateway polls any more', async () => {
    const harnesses = gateways(2);
    const [one, two] = harnesses;
    const left = one?.subscribe(ID);
    await pass(5_500);
    left?.leave();
    await pass(300_000);
    answerAll(harnesses, (id) => report(id, 'COPY'));
    const watcher = two?.subscribe(ID);
    await pass(100);
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
    expect(watcher?.last?.stages.map(({ status }) => status)).toEqual(['PROCESS', 'COPY']);
    await dispose(harnesses);
  });
});

test('no watcher is ever shown an earlier state after a later one, for any poller and any delay of its answer', async () => {
  const harnesses = gateways(3);
  const begun = Date.now();
  answerAll(harnesses, (id) =>
    report(id, 'PROCESS', { progress: Math.min(100, Math.floor((Date.now() - begun) / 500)) }),
  );
  const watchers: Watcher[] = [];
  for (let round = 0; round < 30; round += 1) {
    const harness = harnesses[round % 3];
    if (!harness) continue;
    harness.source.latencyMs = (round * 377) % 2_500;
    watchers.push(harness.subscribe(ID));
    await pass(1_300);
    if (round % 4 === 3) watchers[round - 3]?.leave();
  }
  for (const { states } of watchers) {
    const seen = states.map(({ task }) => task.progress ?? 0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(states.map(({ version }) => version)).toEqual(states.map(({ version }) => version).sort((a, b) => a - b));
  }
  await dispose(harnesses);
});
