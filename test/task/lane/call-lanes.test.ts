import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../../src/cluster/memory-hub.ts';
import { TokenRefused, UpstreamRateLimited, UpstreamUnavailable } from '../../../src/errors.ts';
import type { WatchState } from '../../../src/task/watch-state.ts';
import { callers, Heart, OWN } from '../heart.ts';
import { report, ScriptedSource } from '../scripted-source.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

async function query(heart: Heart, token: string): Promise<void> {
  const answer = heart.registry.get('task', callers(token)).catch(() => {});
  await pass(0);
  await answer;
}

test('lanes that nothing waits in are freed, also after failures and pauses', async () => {
  await using heart = new Heart();
  heart.subscribe('task', callers('watching'));
  heart.source.answer = (id, token) => {
    if (token === 'watching') return report(id);
    return token.endsWith('0')
      ? new UpstreamRateLimited('slower', { retryAfterMs: 1_000 })
      : new UpstreamUnavailable('down');
  };
  for (let n = 0; n < 3_000; n += 1) {
    await query(heart, `token-${n}`);
    await pass(5);
  }
  expect(heart.lanes.size).toBeLessThanOrEqual(520);
  const lane = heart.lanes.for(callers('watching'));
  expect(lane.idle).toBe(false);
});

test('a lane is idle only after its pause', async () => {
  await using heart = new Heart({
    source: new ScriptedSource(() => new UpstreamRateLimited('x', { retryAfterMs: 5_000 })),
  });
  await query(heart, 'token');
  const lane = heart.lanes.for(callers('token'));
  expect(lane.idle).toBe(false);
  await pass(5_000);
  expect(lane.idle).toBe(true);
});

test('a pause that one gateway is told of holds in all of them', async () => {
  const hub = new MemoryHub<WatchState>();
  await using one = new Heart({ hub });
  await using two = new Heart({ hub });
  one.subscribe('a');
  two.subscribe('b');
  await pass(500);
  one.source.answer = () => new UpstreamRateLimited('slower', { retryAfterMs: 7_000 });
  while (one.events.length === 0) await pass(1);
  const [calls, at] = [two.source.calls.length, Date.now()];
  one.source.answer = (id) => report(id);
  await pass(6_900);
  expect(two.source.calls.slice(calls)).toEqual([]);
  expect(two.lanes.for(OWN).blockage?.kind).toBe('paused');
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
  await using one = new Heart({ hub, source });
  await using two = new Heart({ hub, source });
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
