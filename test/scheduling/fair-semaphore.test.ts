import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { FairSemaphore } from '../../src/scheduling/fair-semaphore.ts';
import { callers, TaskHarness } from '../task/task-harness.ts';

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A scheduler that acquires permits while it may, up to `wants` of them. */
class Acquirer {
  wants = 0;
  readonly #onFree: () => void;

  constructor(semaphore: FairSemaphore, name: string, taken: string[]) {
    this.#onFree = () => {
      while (this.wants > 0 && semaphore.mayAcquire(this.#onFree)) {
        semaphore.acquire(this.#onFree);
        this.wants -= 1;
        taken.push(name);
      }
    };
  }

  want(calls: number): void {
    this.wants += calls;
    this.#onFree();
  }
}

describe('permits', () => {
  test('go to any scheduler while some are free, and then to the waiting schedulers in turn', () => {
    const [semaphore, taken] = [new FairSemaphore(3), [] as string[]];
    const [greedy, one, other] = ['greedy', 'one', 'other'].map((name) => new Acquirer(semaphore, name, taken));
    greedy?.want(10);
    expect(taken.join(' ')).toBe('greedy greedy greedy');
    one?.want(2);
    other?.want(1);
    for (let n = 0; n < 6; n += 1) semaphore.release();
    expect(taken.slice(3).join(' ')).toBe('greedy one other greedy one greedy');
  });

  test('pass over a scheduler that no longer wants one', () => {
    const [semaphore, taken] = [new FairSemaphore(1), [] as string[]];
    const [busy, gone, last] = ['busy', 'gone', 'last'].map((name) => new Acquirer(semaphore, name, taken));
    busy?.want(1);
    gone?.want(1);
    last?.want(1);
    if (gone) gone.wants = 0;
    semaphore.release();
    expect(taken).toEqual(['busy', 'last']);
    semaphore.release();
    busy?.want(1);
    expect(taken.at(-1)).toBe('busy');
  });
});

describe('schedulers of many tokens', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  test('together stay within the permits of one, and delay no other token', async () => {
    await using harness = new TaskHarness({ intervalMs: 3_000, maxConcurrency: 8 });
    harness.source.latencyMs = 50;
    const watchers = Array.from({ length: 5 }, (_, n) => harness.subscribe(`task-${n}`, callers('paying')));
    await pass(5_000);
    const from = Date.now();
    // 20 tokens with 64 tasks each need 430 calls a second, of the 160 that there are.
    for (let token = 0; token < 20; token += 1) {
      for (let n = 0; n < 64; n += 1) harness.subscribe(`flood-${n}`, callers(`invented-${token}`));
    }
    await pass(30_000);
    expect(harness.source.maxRunning).toBe(8);
    for (const [n, watcher] of watchers.entries()) {
      const times = harness.source.times(`task-${n}`).filter((at) => at >= from);
      const waits = times.slice(1).map((at, index) => at - (times[index] ?? 0));
      expect(Math.max(...waits)).toBeLessThan(4_000);
      expect(watcher.last?.stale).toBe(false);
    }
    // Every token has been accepted by now, and most tasks are proven.
    await pass(30_000);
    const settledAt = Date.now();
    await pass(15_000);
    const calls = harness.source.calls.filter(({ at }) => at >= settledAt);
    const perToken = Array.from(
      { length: 20 },
      (_, token) => calls.filter((call) => call.token === `invented-${token}`).length,
    );
    expect(Math.max(...perToken) - Math.min(...perToken)).toBeLessThanOrEqual(8 + 2);
  });

  test('a probe of an open circuit waits for a permit too', async () => {
    await using harness = new TaskHarness({ intervalMs: 1_000, maxConcurrency: 2 });
    harness.source.latencyMs = 100;
    for (let n = 0; n < 40; n += 1) harness.subscribe(`task-${n}`, callers('busy'));
    harness.subscribe('task', callers('paused'));
    await pass(5_000);
    harness.schedulers.for(callers('paused')).onPeer({
      kind: 'peer-token-refused',
      at: performance.now() - 10_000,
      probeInMs: 10_000,
    });
    await pass(10_000);
    expect(harness.source.maxRunning).toBe(2);
    expect(harness.schedulers.for(callers('paused')).state.kind).toBe('closed');
  });
});
