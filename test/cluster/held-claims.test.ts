import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report } from '../task/scripted-source.ts';
import { OWN, TaskHarness } from '../task/task-harness.ts';

const ID = 'task-1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Where a claim may take its time. */
class HeldClaims extends MemoryCluster<WatchState> {
  #next: ((granted: number | null) => Promise<number | null>) | null = null;

  /** The next claim is answered when it is released: as it would be, or refused. */
  holdNext(refused = false): { release: () => void } {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    this.#next = async (granted) => {
      await released;
      return refused ? null : granted;
    };
    return { release };
  }

  override async claim(...args: Parameters<MemoryCluster<WatchState>['claim']>): Promise<number | null> {
    const held = this.#next;
    this.#next = null;
    const granted = await super.claim(...args);
    return held ? held(granted) : granted;
  }
}

test('a final state that arrives while the tick is claimed costs no call', async () => {
  const hub = new MemoryHub<WatchState>();
  await using other = new MemoryCluster<WatchState>({ hub });
  await using claims = new HeldClaims({ hub });
  await using harness = new TaskHarness({ cluster: claims });
  const watcher = harness.subscribe(ID);
  await pass(1_500);
  const claiming = claims.holdNext();
  await pass(1_000);
  const { key, state } = harness.registry.watch(ID, OWN);
  const version = state.version + 5;
  const snapshot = state.snapshot && { ...state.snapshot, version, finished: true, task: report(ID, 'SUCCESS') };
  await other.publish(key, { version, state: { ...state, version, snapshot } }, 60_000);
  claiming.release();
  await pass(5_000);
  expect(watcher).toMatchObject({ end: 'completed', last: { task: { status: 'SUCCESS' } } });
  expect([harness.source.calls.length, harness.registry.watchedCount]).toEqual([2, 0]);
});

test('a hint that comes while the tick is claimed has the task read at once, though the claim is refused', async () => {
  const hub = new MemoryHub<WatchState>();
  await using one = new TaskHarness({ hub });
  await using claims = new HeldClaims({ hub });
  await using two = new TaskHarness({ cluster: claims });
  one.subscribe(ID);
  const watcher = two.subscribe(ID);
  await pass(1_200);
  const claiming = claims.holdNext(true);
  // The watch follows the other gateway, and polls when that one is gone.
  one.registry[Symbol.dispose]();
  await pass(1_000);
  two.source.answer = (id) => report(id, 'COPY');
  two.registry.watch(ID, OWN).invalidate();
  claiming.release();
  await pass(10);
  expect(watcher.last?.task.status).toBe('COPY');
});
