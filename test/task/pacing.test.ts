import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import { mostWithin } from './most-within.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness, type Watcher } from './task-harness.ts';

const INTERVAL_MS = 3_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

function subscribeTo(harness: TaskHarness, tasks: number): Watcher[] {
  return Array.from({ length: tasks }, (_, n) => harness.subscribe(`task-${n}`));
}

describe('429 with Retry-After: 7', () => {
  test.each([null, 50])('no call in the 7 s, and no burst after it; UPSTREAM_MAX_RPS %s', async (maxRps) => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps });
    const { source } = harness;
    source.latencyMs = 20;
    const watchers = subscribeTo(harness, 300);
    await pass(30_000);
    const limited = new UpstreamRateLimited('slower', { retryAfterMs: 7_000 });
    source.answer = () => limited;
    while (harness.events.length === 0) await pass(1);
    const pausedAt = Date.now();
    source.answer = (id) => report(id);
    await pass(30_000);
    expect(source.times().filter((at) => at > pausedAt && at < pausedAt + 7_000)).toEqual([]);
    const after = source.times().filter((at) => at >= pausedAt + 7_000);
    // 300 tasks spread over an interval are 100 calls a second; chance may put some more of them into one.
    expect(mostWithin(after, 1_000)).toBeLessThanOrEqual(maxRps === null ? 140 : maxRps * 1.05 + 1);
    expect(harness.events).toEqual([{ kind: 'paused', forMs: 7_000 }]);
    expect(watchers.every(({ end, last }) => end === 'open' && last?.stale === false)).toBe(true);
    process.stdout.write(
      `429, ${maxRps ?? 'unlimited'} rps: first call ${Math.min(...after) - pausedAt} ms later, ${mostWithin(after, 1_000)} at most within a second\n`,
    );
  });

  test('a caller receives the rest of the wait, and other tasks keep their interval', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS });
    harness.source.answer = () => new UpstreamRateLimited('slower', { retryAfterMs: 7_000 });
    harness.subscribe('task');
    await pass(5_000);
    const answer = harness.registry.get('another', OWN);
    const refused = expect(answer).rejects.toMatchObject({
      extensions: { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 2 },
    });
    await pass(0);
    await refused;
    expect(harness.source.calls).toHaveLength(1);
  });

  test('one that does not say how long pauses for an interval', async () => {
    await using harness = new TaskHarness({ intervalMs: INTERVAL_MS });
    harness.source.answer = () => new UpstreamRateLimited('slower');
    harness.subscribe('task');
    await pass(100);
    harness.subscribe('another');
    await pass(INTERVAL_MS - 200);
    expect(harness.source.calls).toHaveLength(1);
  });
});

test('1,000 watched tasks with UPSTREAM_MAX_RPS at half of their demand', async () => {
  const rps = 1_000 / (INTERVAL_MS / 1_000) / 2;
  await using harness = new TaskHarness({ intervalMs: INTERVAL_MS, maxRps: rps });
  const { source } = harness;
  source.latencyMs = 30;
  const watchers = subscribeTo(harness, 1_000);
  await pass(12_000);
  const from = Date.now();
  await pass(60_000);
  const late = source.calls.filter(({ at }) => at >= from);
  const perSecond = late.length / 60;
  expect(Math.abs(perSecond - rps) / rps).toBeLessThan(0.05);
  const waits = watchers.flatMap((_, n) => {
    const times = late.filter(({ id }) => id === `task-${n}`).map(({ at }) => at);
    return times.slice(1).map((at, index) => at - (times[index] ?? 0));
  });
  const [longest, shortest] = [Math.max(...waits), Math.min(...waits)];
  expect(longest / shortest).toBeLessThan(2.5);
  expect(longest).toBeLessThan(2.5 * INTERVAL_MS);
  expect(watchers.every(({ end, last }) => end === 'open' && last?.stale === false)).toBe(true);
  process.stdout.write(
    `1,000 tasks at half the budget: ${perSecond.toFixed(1)} calls/s of ${rps.toFixed(1)}, waits ${shortest} to ${longest} ms\n`,
  );
});

test('calls under way stay within UPSTREAM_MAX_CONCURRENCY, and no task starves', async () => {
  await using harness = new TaskHarness({ maxConcurrency: 4 });
  harness.source.latencyMs = 200;
  const watchers = subscribeTo(harness, 40);
  // Proven tasks go before new ones, so the counts are equal once every task is proven.
  await pass(20_000);
  const from = Date.now();
  await pass(20_000);
  expect(harness.source.maxRunning).toBe(4);
  const counts = watchers.map((_, n) => harness.source.times(`task-${n}`).filter((at) => at >= from).length);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
});

test('a newly watched task goes before tasks that grow old', async () => {
  await using harness = new TaskHarness({ maxRps: 5 });
  subscribeTo(harness, 50);
  await pass(60_000);
  const anew = harness.subscribe('anew');
  await pass(500);
  expect(anew.events).toHaveLength(1);
});

test('each token has a scheduler of its own', async () => {
  const source = new ScriptedSource((id, token) => (token === 'bad' ? new UpstreamUnavailable('down') : report(id)));
  await using harness = new TaskHarness({ source });
  const credential = (token: string) => ({ key: token, token, owner: 'caller' as const });
  for (let n = 0; n < 20; n += 1) harness.subscribe(`task-${n}`, credential('bad'));
  const good = harness.subscribe('task', credential('good'));
  await pass(10_500);
  expect(harness.schedulers.for(credential('bad')).state).toMatchObject({ kind: 'open', reason: 'origin-failing' });
  expect(harness.schedulers.for(credential('good')).state.kind).toBe('closed');
  expect(good.last?.stale).toBe(false);
  expect(source.times('task')).toHaveLength(11);
});
