import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { GatewayError } from '../../src/errors.ts';
import type { Job } from '../../src/scheduling/job.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';
import { callers, OWN, TaskHarness } from './task-harness.ts';

const INTERVAL_MS = 3_000;
const FIRST_ANSWER_MS = 15_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

type Asked = { snapshot?: TaskSnapshot | null; code?: string };

/** Asks for that many unknown tasks, and tells how each query has ended so far. */
function flood(
  harness: TaskHarness,
  queries: number,
  { from = 0, signal }: { from?: number; signal?: AbortSignal } = {},
) {
  return Array.from({ length: queries }, (_, n) => {
    const asked: Asked = {};
    harness.registry.get(`unknown-${from + n}`, OWN, signal).then(
      (snapshot) => {
        asked.snapshot = snapshot;
      },
      (error: GatewayError) => {
        asked.code = error.code;
      },
    );
    return asked;
  });
}

/** The longest that any of the watched tasks was not called for, from `from` until now. */
function longestWait({ source }: TaskHarness, tasks: number, from: number): number {
  const waits = Array.from({ length: tasks }, (_, n) => {
    const times = [...source.times(`task-${n}`).filter((at) => at >= from), Date.now()];
    return Math.max(...times.map((at, index) => at - (times[index - 1] ?? from)));
  });
  return Math.max(...waits);
}

function unknownCalls({ source }: TaskHarness): number {
  return source.calls.filter(({ id }) => id.startsWith('unknown')).length;
}

describe('a flood of queries', () => {
  test('takes no watched task its pace, and is over when it is over', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS });
    harness.source.latencyMs = 200;
    for (let n = 0; n < 100; n += 1) harness.subscribe(`task-${n}`);
    await pass(10_000);
    const from = Date.now();
    const asked = flood(harness, 20_000);
    await pass(FIRST_ANSWER_MS);
    expect(longestWait(harness, 100, from)).toBeLessThan(1.2 * INTERVAL_MS + harness.source.latencyMs);
    expect(asked.every(({ snapshot, code }) => snapshot || code === 'UPSTREAM_UNAVAILABLE')).toBe(true);
    expect(unknownCalls(harness)).toBeGreaterThan(2_000);
    const calls = unknownCalls(harness);
    await pass(60_000);
    expect(unknownCalls(harness)).toBe(calls);
  });

  test('leaves the tasks their share of a small budget', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 10 });
    for (let n = 0; n < 12; n += 1) harness.subscribe(`task-${n}`);
    await pass(10_000);
    const from = Date.now();
    flood(harness, 1_000);
    await pass(FIRST_ANSWER_MS);
    // They came in a row, at the whole of the budget, and are spread over what is half of it.
    expect(longestWait(harness, 12, from)).toBeLessThan(1.5 * INTERVAL_MS);
    expect(unknownCalls(harness)).toBeGreaterThan(75);
  });

  test('keeps the promise of 2.5 intervals at twice the budget', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 50 });
    for (let n = 0; n < 300; n += 1) harness.subscribe(`task-${n}`);
    await pass(20_000);
    const from = Date.now();
    for (let second = 0; second < 60; second += 1) {
      flood(harness, 100, { from: 100 * second });
      await pass(1_000);
    }
    expect(longestWait(harness, 300, from)).toBeLessThan(2.5 * INTERVAL_MS);
    expect(unknownCalls(harness)).toBeGreaterThan(60 * 50 * 0.15);
  });

  test('does not keep a new subscription from its first answer', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 10 });
    for (let n = 0; n < 12; n += 1) harness.subscribe(`task-${n}`);
    await pass(10_000);
    flood(harness, 1_000);
    await pass(1_000);
    const anew = harness.subscribe('anew');
    await pass(1_000);
    expect(anew.events).toHaveLength(1);
  });

  test('does not keep a single query of another scheduler waiting, nor one in ordinary times', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 10 });
    for (let n = 0; n < 20; n += 1) harness.subscribe(`task-${n}`);
    await pass(10_000);
    const [asked] = flood(harness, 1);
    await pass(200);
    expect(asked?.snapshot).toBeTruthy();
    flood(harness, 1_000, { from: 1 });
    const other = harness.registry.get('task', callers('other'));
    await pass(1);
    expect(await other).toMatchObject({ stale: false });
  });
});

describe('a query that gets no turn in time', () => {
  test('ends with UPSTREAM_UNAVAILABLE, and its turn is given up', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 1, firstAnswerMs: 5_000 });
    const asked = flood(harness, 20);
    await pass(4_999);
    expect(asked.filter(({ code }) => code)).toEqual([]);
    await pass(1);
    expect(asked.filter(({ code }) => code === 'UPSTREAM_UNAVAILABLE').length).toBeGreaterThanOrEqual(14);
    const calls = harness.source.calls.length;
    await pass(60_000);
    expect(harness.source.calls).toHaveLength(calls);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('ends with the last good state as stale, for this query alone', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 0.1, firstAnswerMs: 5_000 });
    await Promise.all([harness.registry.get('seen', OWN), pass(1)]);
    await pass(4_000);
    flood(harness, 20);
    const answer = harness.registry.get('seen', OWN);
    await pass(5_000);
    expect(await answer).toMatchObject({ task: { id: 'seen' }, stale: true, nextCheckAt: null });
    expect(harness.registry.watch('seen', OWN).state).toMatchObject({ snapshot: { stale: false }, failure: null });
  });

  test('says when the next check of a watched task is', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 0.1, firstAnswerMs: 5_000 });
    harness.subscribe('seen');
    await pass(1);
    harness.subscribe('other');
    await pass(INTERVAL_MS);
    const answer = harness.registry.get('seen', OWN);
    await pass(5_000);
    expect(await answer).toMatchObject({ stale: true, nextCheckAt: expect.any(Number) });
    expect(harness.registry.watch('seen', OWN).state.snapshot?.stale).toBe(false);
  });

  test('is answered by a call under way that ends in time', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, firstAnswerMs: 5_000 });
    harness.source.latencyMs = 4_000;
    const answer = harness.registry.get('task', OWN);
    await pass(4_000);
    expect(await answer).toMatchObject({ stale: false });
  });
});

describe('a query whose client has gone', () => {
  test('gives its turn up', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 10 });
    const client = new AbortController();
    flood(harness, 500, { signal: client.signal });
    await pass(500);
    client.abort();
    await pass(0);
    const calls = harness.source.calls.length;
    await pass(60_000);
    expect(harness.source.calls).toHaveLength(calls);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('delays neither other queries of the same task nor its watchers', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: 2 });
    const client = new AbortController();
    flood(harness, 3, { signal: client.signal });
    const shared = harness.registry.get('unknown-2', OWN);
    const watcher = harness.subscribe('unknown-1');
    client.abort();
    await pass(2_000);
    expect(await shared).toMatchObject({ stale: false });
    expect(watcher.events).toHaveLength(1);
  });

  test('never asks when it had gone before', async () => {
    await using harness = new TaskHarness();
    flood(harness, 10, { signal: AbortSignal.abort() });
    await pass(5_000);
    expect(harness.source.calls).toEqual([]);
  });
});

test('while calls are held back, a query of a task that has been held for long is answered at once', async () => {
  await using harness = new TaskHarness({ intervalMs: INTERVAL_MS });
  harness.subscribe('task');
  await pass(100);
  harness.schedulers.for(OWN).onPeer({ kind: 'peer-paused', forMs: 60_000 });
  await pass(20_000);
  const answer = harness.registry.get('task', OWN);
  await pass(1);
  expect(await Promise.race([answer, 'waiting'])).toMatchObject({ stale: true });
});

test('a turn that is urgent alone has a time of its own once it is held back', async () => {
  await using harness = new TaskHarness({ intervalMs: INTERVAL_MS });
  const scheduler = harness.schedulers.for(OWN);
  scheduler.onPeer({ kind: 'peer-paused', forMs: 60_000 });
  const until = performance.now() + 60_000;
  const planned: number[] = [];
  const job: Job = {
    id: 'task',
    isProven: false,
    run: async () => ({ kind: 'skipped' }),
    onBlocked: () => void planned.push(scheduled.expectedAt),
  };
  const scheduled = scheduler.schedule(job, { dueAt: null, urgent: true });
  await pass(1);
  expect(planned).toEqual([until]);
  scheduled.cancel();
});
