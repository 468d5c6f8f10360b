import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryCluster } from '../../src/cluster/memory-cluster.ts';
import { MemoryHub } from '../../src/cluster/memory-hub.ts';
import { UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { Heart, type HeartOptions, OWN, type Watcher } from '../task/heart.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';

const ID = 'task-1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Gateways of one cluster, each with a source of its own, so that it shows who has called. */
function gateways(count: number, options: HeartOptions = {}): Heart[] {
  const hub = new MemoryHub<WatchState>();
  return Array.from({ length: count }, () => new Heart({ hub, source: new ScriptedSource(), ...options }));
}

async function query(heart: Heart | undefined, id = ID): Promise<string | undefined> {
  const answer = heart?.registry.get(id, OWN);
  answer?.catch(() => {});
  await pass(0);
  return (await answer)?.task.status;
}

/** When the task was asked for, by whom: index of the gateway. */
function calls(hearts: readonly Heart[]): { readonly at: number; readonly by: number }[] {
  const all = hearts.flatMap(({ source }, by) => source.times(ID).map((at) => ({ at, by })));
  return all.sort((a, b) => a.at - b.at);
}

function answerAll(hearts: readonly Heart[], answer: ScriptedSource['answer']): void {
  for (const { source } of hearts) source.answer = answer;
}

async function dispose(hearts: readonly Heart[]): Promise<void> {
  for (const heart of hearts) await heart[Symbol.asyncDispose]();
}

describe('several gateways watching one task', () => {
  test('call once per interval, and the same one goes on', async () => {
    const hearts = gateways(3);
    for (const heart of hearts) heart.subscribe(ID);
    await pass(20_500);
    const all = calls(hearts);
    expect(all).toHaveLength(21);
    expect(new Set(all.map(({ by }) => by)).size).toBe(1);
    await dispose(hearts);
  });

  test('stay together when the task is polled ever more slowly', async () => {
    const hearts = gateways(3, { maxIntervalMs: 8_000 });
    for (const heart of hearts) heart.subscribe(ID);
    await pass(100_000);
    const all = calls(hearts);
    const gaps = all.slice(1).map(({ at }, index) => at - (all[index]?.at ?? 0));
    expect(new Set(all.map(({ by }) => by)).size).toBe(1);
    expect(gaps.at(-1)).toBe(8_000);
    await dispose(hearts);
  });

  test('all show every state, and none twice', async () => {
    const hearts = gateways(3);
    const watchers = hearts.map((heart) => heart.subscribe(ID));
    for (let progress = 0; progress < 10; progress += 1) {
      answerAll(hearts, (id) => report(id, 'PROCESS', { progress }));
      await pass(1_000);
    }
    for (const { states } of watchers)
      expect(states.map(({ task }) => task.progress)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    answerAll(hearts, (id) => report(id, 'SUCCESS'));
    await pass(1_000);
    expect(watchers.map(({ end }) => end)).toEqual(['completed', 'completed', 'completed']);
    const made = calls(hearts).length;
    await pass(60_000);
    expect(calls(hearts)).toHaveLength(made);
    await dispose(hearts);
  });

  test('another takes over within two intervals when the one that polls is gone', async () => {
    const hearts = gateways(3);
    for (const heart of hearts) heart.subscribe(ID);
    await pass(3_100);
    const last = calls(hearts).at(-1);
    await hearts[last?.by ?? 0]?.[Symbol.asyncDispose]();
    await pass(10_000);
    const next = calls(hearts).find(({ at }) => at > (last?.at ?? 0));
    expect(next?.by).not.toBe(last?.by);
    expect((next?.at ?? 0) - (last?.at ?? 0)).toBeLessThan(2_000);
    await dispose(hearts);
  });

  test('another takes over when the calls of the one that polls fail, and it stays so', async () => {
    const hearts = gateways(2);
    const [sick, well] = hearts;
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
    await dispose(hearts);
  });

  test('a call that hangs on one gateway is made by another an interval later', async () => {
    const hearts = gateways(2);
    const [slow, quick] = hearts;
    slow?.subscribe(ID);
    await pass(100);
    const watcher = quick?.subscribe(ID);
    if (slow) slow.source.latencyMs = 10_000;
    answerAll(hearts, (id) => report(id, 'COPY'));
    await pass(2_300);
    expect(watcher?.last?.task.status).toBe('COPY');
    if (slow) slow.source.answer = (id) => report(id, 'PROCESS');
    await pass(20_000);
    // The late answer is older than what was shown since.
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
    await dispose(hearts);
  });
});

describe('what another gateway knows', () => {
  test('answers a query while it is young, without a call', async () => {
    const hearts = gateways(2);
    const [one, two] = hearts;
    expect(await query(one)).toBe('PROCESS');
    await pass(900);
    expect(await query(two)).toBe('PROCESS');
    expect(calls(hearts)).toHaveLength(1);
    await pass(200);
    expect(await query(two)).toBe('PROCESS');
    expect(calls(hearts)).toHaveLength(2);
    await dispose(hearts);
  });

  test('answers a query, though this gateway itself was not allowed to ask a moment ago', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const hearts = gateways(2);
    const [one, two] = hearts;
    if (one) one.source.answer = () => new UpstreamRateLimited('limited', { retryAfterMs: 4_000 });
    await expect(query(one, 'another')).rejects.toThrow('limited');
    await pass(3_500);
    await expect(query(one)).rejects.toThrow('limited');
    const watcher = two?.subscribe(ID);
    await pass(700);
    expect(watcher?.states).toHaveLength(1);
    expect(await query(one)).toBe('PROCESS');
    expect(calls(hearts)).toEqual([{ at: expect.any(Number), by: 1 }]);
    await dispose(hearts);
  });

  test('answers a query that waits when it has just been checked, however slow the clock of who did', async () => {
    const hub = new MemoryHub<WatchState>();
    class Slow extends MemoryCluster<WatchState> {
      override publish(...[topic, told, forMs]: Parameters<MemoryCluster<WatchState>['publish']>): Promise<void> {
        const state = { ...told.state, attemptedAt: told.state.attemptedAt - 2_000 };
        return super.publish(topic, { ...told, state }, forMs);
      }
    }
    await using cluster = new Slow({ hub });
    await using one = new Heart({ cluster });
    await using two = new Heart({ hub });
    one.subscribe(ID);
    await pass(1_300);
    const answer = two.registry.get(ID, OWN);
    await pass(1_000);
    expect(await answer).toMatchObject({ stale: false });
  });

  test('is waited for by a query when the call is under way', async () => {
    const hearts = gateways(2, { intervalMs: 3_000 });
    const [one, two] = hearts;
    if (one) one.source.latencyMs = 500;
    const first = one?.registry.get(ID, OWN);
    await pass(100);
    const second = two?.registry.get(ID, OWN);
    await pass(400);
    expect((await first)?.task.status).toBe('PROCESS');
    expect((await second)?.task.status).toBe('PROCESS');
    expect(calls(hearts)).toHaveLength(1);
    await dispose(hearts);
  });

  test('of a finished task is known for good: no call, one event, completion', async () => {
    const hearts = gateways(2);
    const [one, two] = hearts;
    answerAll(hearts, (id) => report(id, 'SUCCESS'));
    await query(one);
    await pass(3_600_000);
    expect(await query(two)).toBe('SUCCESS');
    const watcher = two?.subscribe(ID);
    await pass(0);
    expect(watcher).toMatchObject({ end: 'completed', events: { length: 1 } });
    expect(calls(hearts)).toHaveLength(1);
    await dispose(hearts);
  });

  test('comes first to a gateway that begins to watch, which then keeps out of the way', async () => {
    const hearts = gateways(2);
    const [one, two] = hearts;
    one?.subscribe(ID);
    await pass(1_500);
    const watcher = two?.subscribe(ID);
    await pass(0);
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS']);
    await pass(10_000);
    expect(two?.source.calls).toEqual([]);
    await dispose(hearts);
  });

  test('comes before what this one knew, which may be older than what its client was shown there', async () => {
    const hearts = gateways(2);
    const [one, two] = hearts;
    two?.subscribe(ID).leave();
    await pass(5_000);
    answerAll(hearts, (id) => report(id, 'SUCCESS'));
    const there = one?.subscribe(ID);
    await pass(1_000);
    expect(there?.last?.task.status).toBe('SUCCESS');
    const here = two?.subscribe(ID);
    await pass(0);
    expect(here).toMatchObject({ end: 'completed', events: [{ task: { status: 'SUCCESS' } }] });
    await dispose(hearts);
  });

  test('is no answer to a query beside a new subscription when it is old', async () => {
    const hearts = gateways(2);
    const [one, two] = hearts;
    one?.subscribe(ID).leave();
    await pass(60_000);
    answerAll(hearts, (id) => report(id, 'COPY'));
    const watcher = two?.subscribe(ID);
    expect(await query(two)).toBe('COPY');
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
    expect(two?.source.calls).toHaveLength(1);
    await dispose(hearts);
  });

  test('is shown at once, and checked at once, when it is old and nobody polls any more', async () => {
    const hearts = gateways(2);
    const [one, two] = hearts;
    const left = one?.subscribe(ID);
    await pass(5_500);
    left?.leave();
    await pass(300_000);
    answerAll(hearts, (id) => report(id, 'COPY'));
    const watcher = two?.subscribe(ID);
    await pass(100);
    expect(watcher?.states.map(({ task }) => task.status)).toEqual(['PROCESS', 'COPY']);
    expect(watcher?.last?.stages.map(({ status }) => status)).toEqual(['PROCESS', 'COPY']);
    await dispose(hearts);
  });
});

test('no watcher is ever shown an earlier state after a later one, whoever polls and however late it answers', async () => {
  const hearts = gateways(3);
  const begun = Date.now();
  answerAll(hearts, (id) => report(id, 'PROCESS', { progress: Math.min(100, Math.floor((Date.now() - begun) / 500)) }));
  const watchers: Watcher[] = [];
  for (let round = 0; round < 30; round += 1) {
    const heart = hearts[round % 3];
    if (!heart) continue;
    heart.source.latencyMs = (round * 377) % 2_500;
    watchers.push(heart.subscribe(ID));
    await pass(1_300);
    if (round % 4 === 3) watchers[round - 3]?.leave();
  }
  for (const { states } of watchers) {
    const seen = states.map(({ task }) => task.progress ?? 0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(states.map(({ version }) => version)).toEqual(states.map(({ version }) => version).sort((a, b) => a - b));
  }
  await dispose(hearts);
});
