import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { TaskHarness } from './task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** One subscriber that leaves when it has the state. */
async function look(harness: TaskHarness): Promise<void> {
  const watcher = harness.subscribe('task');
  await pass(100);
  expect(watcher.states).toHaveLength(1);
  watcher.leave();
}

test('a stored state that is older than the interval saves no poll', async () => {
  await using harness = new TaskHarness({ maxCached: 1 });
  for (let reader = 0; reader < 20; reader += 1) {
    await look(harness);
    await pass(10_000);
    // Drops the idle watch, so that the next reader finds the state in the store alone.
    await harness.get('another', () => pass(100));
  }
  expect(harness.counts.saved.counts).toEqual({ shared_poll: 0, peer_poll: 0, known_state: 0 });
});

test('a state that another gateway has just published or stored saves a poll', async () => {
  const hub = new MemoryHub<WatchState>();
  await using one = new TaskHarness({ hub });
  await using two = new TaskHarness({ hub });
  await look(one);
  await look(two);
  expect(two.source.calls).toEqual([]);
  expect(two.counts.saved.counts).toMatchObject({ peer_poll: 1 });
});
