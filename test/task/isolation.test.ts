import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { AccessDenied, UpstreamBadResponse, UpstreamUnavailable } from '../../src/errors.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { type Answer, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness, type Watcher } from './task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const INTERVAL_MS = 500;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A2E's time-out of a silent call, in ms. */
const SILENCE_MS = 10_000;

const TROUBLES: readonly [name: string, answer: Answer, latencyMs: number][] = [
  ['403', new AccessDenied('denied'), 20],
  ['404', null, 20],
  ['500', new UpstreamUnavailable('down'), 20],
  ['HTML', new UpstreamBadResponse('html'), 20],
  ['resets', new UpstreamUnavailable('reset'), 1],
  ['silence', new UpstreamUnavailable('time-out'), SILENCE_MS],
];

/** An upstream that answers well for `good`, and with the trouble for any other id. */
class TroubledSource extends ScriptedSource {
  readonly #answer: Answer;
  readonly #troubleMs: number;

  constructor(answer: Answer, troubleMs: number) {
    super();
    this.#answer = answer;
    this.#troubleMs = troubleMs;
  }

  override async read(...args: Parameters<ScriptedSource['read']>): ReturnType<ScriptedSource['read']> {
    const [id] = args;
    if (id.startsWith('good')) return super.read(...args);
    await new Promise((resolve) => setTimeout(resolve, this.#troubleMs));
    if (this.#answer instanceof Error) throw this.#answer;
    return null;
  }
}

/** Lets time pass, and returns the longest time without a fresh state and whether a state was ever stale. */
async function observeWatcher(watcher: Watcher, harness: TaskHarness, forMs: number) {
  let longestMs = 0;
  let stale = false;
  for (let waited = 0; waited < forMs; waited += 20) {
    await pass(20);
    const { snapshot } = harness.registry.watch('good', OWN).state;
    longestMs = Math.max(longestMs, Date.now() - (snapshot?.checkedAt ?? 0));
    stale ||= watcher.states.some((state) => state.stale);
  }
  return { longestMs, stale };
}

async function ask(harness: TaskHarness, prefix: string): Promise<void> {
  const ids = Array.from({ length: 100 }, (_, n) => `${prefix}-${n}`);
  await Promise.allSettled(ids.map((id) => harness.registry.get(id, OWN)));
}

describe.each(TROUBLES)('100 ids of one caller that A2E answers with %s', (_name, answer, troubleMs) => {
  const options = (source: ScriptedSource) => ({ source, intervalMs: INTERVAL_MS, maxIntervalMs: INTERVAL_MS });

  test('by subscription and by query: another task is fresh every 1.1 s and never stale', async () => {
    await using harness = new TaskHarness(options(new TroubledSource(answer, troubleMs)));
    const watcher = harness.subscribe('good');
    await pass(2_000);
    for (let n = 0; n < 100; n += 1) harness.subscribe(`bad-${n}`);
    const asking = ask(harness, 'asked');
    const { longestMs, stale } = await observeWatcher(watcher, harness, 30_000);
    expect(stale).toBe(false);
    expect(longestMs).toBeLessThanOrEqual(1_100);
    await pass(20_000);
    await asking;
  });

  test('on another gateway of three: the same', async () => {
    const hub = new MemoryHub<WatchState>();
    const source = new TroubledSource(answer, troubleMs);
    await using attacked = new TaskHarness({ ...options(source), hub });
    await using watching = new TaskHarness({ ...options(source), hub });
    await using _third = new TaskHarness({ ...options(source), hub });
    const watchers = [watching.subscribe('good'), attacked.subscribe('good')];
    await pass(2_000);
    for (let n = 0; n < 100; n += 1) attacked.subscribe(`bad-${n}`);
    const asking = ask(attacked, 'asked');
    for (const [watcher, harness] of [
      [watchers[0], watching],
      [watchers[1], attacked],
    ] as const) {
      if (!watcher) throw new Error('no watcher');
      const { longestMs, stale } = await observeWatcher(watcher, harness, 10_000);
      expect(stale).toBe(false);
      expect(longestMs).toBeLessThanOrEqual(1_100);
    }
    await pass(20_000);
    await asking;
  });
});

test('a first answer is quick while 100 silent ids hold their permits', async () => {
  await using harness = new TaskHarness({
    source: new TroubledSource(new UpstreamUnavailable('time-out'), SILENCE_MS),
    intervalMs: INTERVAL_MS,
  });
  harness.subscribe('good');
  await pass(1_000);
  for (let n = 0; n < 20; n += 1) harness.subscribe(`bad-${n}`);
  await pass(100);
  const anew = harness.subscribe('good-2');
  await pass(100);
  expect(anew.events).toHaveLength(1);
});
