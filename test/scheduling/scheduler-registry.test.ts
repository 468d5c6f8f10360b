import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { TokenRefused, UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { callers, OWN, TaskHarness } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function query(harness: TaskHarness, token: string): Promise<void> {
  const answer = harness.registry.get('task', callers(token)).catch(() => {});
  await pass(0);
  await answer;
}

test('idle schedulers are dropped, also after failures and pauses', async () => {
  await using harness = new TaskHarness();
  harness.subscribe('task', callers('watching'));
  harness.source.answer = (id, token) => {
    if (token === 'watching') return report(id);
    return token.endsWith('0')
      ? new UpstreamRateLimited('slower', { retryAfterMs: 1_000 })
      : new UpstreamUnavailable('down');
  };
  for (let n = 0; n < 3_000; n += 1) {
    await query(harness, `token-${n}`);
    await pass(5);
  }
  expect(harness.schedulers.size).toBeLessThanOrEqual(520);
  const scheduler = harness.schedulers.for(callers('watching'));
  expect(scheduler.idle).toBe(false);
});

test('a scheduler is idle only after its pause', async () => {
  await using harness = new TaskHarness({
    source: new ScriptedSource(() => new UpstreamRateLimited('x', { retryAfterMs: 5_000 })),
  });
  await query(harness, 'token');
  const scheduler = harness.schedulers.for(callers('token'));
  expect(scheduler.idle).toBe(false);
  await pass(5_000);
  expect(scheduler.idle).toBe(true);
});

test('a pause that one gateway receives holds in all gateways', async () => {
  const hub = new MemoryHub<WatchState>();
  await using one = new TaskHarness({ hub });
  await using two = new TaskHarness({ hub });
  one.subscribe('a');
  two.subscribe('b');
  await pass(500);
  one.source.answer = () => new UpstreamRateLimited('slower', { retryAfterMs: 7_000 });
  while (one.events.length === 0) await pass(1);
  const [calls, at] = [two.source.calls.length, Date.now()];
  one.source.answer = (id) => report(id);
  await pass(6_900);
  expect(two.source.calls.slice(calls)).toEqual([]);
  expect(two.schedulers.for(OWN).state.kind).toBe('paused');
  await pass(2_000);
  expect(
    two.source
      .times()
      .slice(calls)
      .every((time) => time >= at + 7_000),
  ).toBe(true);
  expect(two.source.calls.length).toBeGreaterThan(calls);
});

test('a refused token that is accepted again resumes in all gateways', async () => {
  const hub = new MemoryHub<WatchState>();
  const source = new ScriptedSource();
  await using one = new TaskHarness({ hub, source });
  await using two = new TaskHarness({ hub, source });
  const watchers = [one.subscribe('a'), two.subscribe('a'), one.subscribe('b'), two.subscribe('b')];
  await pass(500);
  source.answer = () => new TokenRefused('no');
  await pass(5_000);
  const calls = source.calls.length;
  await pass(60_000);
  // One probe per ten seconds of each gateway at most.
  expect(source.calls.length - calls).toBeLessThanOrEqual(12);
  expect(watchers.every(({ last }) => last?.stale)).toBe(true);
  source.answer = (id) => report(id);
  await pass(15_000);
  expect(watchers.every(({ last, end }) => end === 'open' && last?.stale === false)).toBe(true);
});

test('an accepted token is remembered when its idle scheduler is dropped, until A2E refuses it', async () => {
  await using harness = new TaskHarness();
  const { key } = callers('known');
  await query(harness, 'known');
  const dropAll = async () => {
    for (let n = 0; n < 600; n += 1) {
      await query(harness, `token-${n}`);
      await pass(5);
    }
    expect(harness.schedulers.size).toBeLessThan(600);
  };
  await dropAll();
  expect(harness.schedulers.isTokenAccepted(key)).toBe(true);
  harness.source.answer = (id, token) => (token === 'known' ? new TokenRefused('refused') : report(id));
  await pass(5_000);
  await query(harness, 'known');
  expect(harness.schedulers.isTokenAccepted(key)).toBe(false);
});

test('a pause that is over counts as closed before the next job', async () => {
  await using harness = new TaskHarness({
    source: new ScriptedSource(() => new UpstreamRateLimited('x', { retryAfterMs: 1_000 })),
  });
  await query(harness, 'token');
  expect(harness.schedulers.report().circuits).toMatchObject({ paused: 1, closed: 0 });
  expect(harness.schedulers.report().nextCallMs).toBeGreaterThan(0);
  await pass(1_000);
  expect(harness.schedulers.report().circuits).toMatchObject({ paused: 0, closed: 1 });
  expect(harness.schedulers.report().nextCallMs).toBeNull();
});

test('an expired refusal of a token of a caller counts as closed before the next job', async () => {
  await using harness = new TaskHarness({ source: new ScriptedSource(() => new TokenRefused('no')) });
  await query(harness, 'token');
  expect(harness.schedulers.report().circuits).toMatchObject({ refused: 1, closed: 0 });
  await pass(1_000);
  expect(harness.schedulers.report().circuits).toMatchObject({ refused: 0, closed: 1 });
});

test('polls are not late while no trusted poll waits', async () => {
  await using harness = new TaskHarness({ maxRps: 2 });
  const watchers = Array.from({ length: 10 }, (_, n) => harness.subscribe(`task-${n}`));
  await pass(30_000);
  expect(harness.schedulers.report().latenessMs).toBeGreaterThan(1_000);
  for (const watcher of watchers) watcher.leave();
  harness.source.answer = () => new UpstreamUnavailable('down');
  harness.subscribe('broken');
  await pass(10_000);
  expect(harness.schedulers.report().latenessMs).toBe(0);
});
