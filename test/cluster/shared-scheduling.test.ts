import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SharedRateLimiter } from '../../src/cluster/contract.ts';
import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { TokenRefused, UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import { ClusterRateLimiter } from '../../src/scheduling/cluster-rate-limiter.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { OWN, TaskHarness, type TaskHarnessOptions } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** Counts what the gateways tell each other. */
class CountingHub extends MemoryHub<WatchState> {
  pauses = 0;
  override pause(...args: Parameters<MemoryHub<WatchState>['pause']>): void {
    this.pauses += 1;
    super.pause(...args);
  }
}

function gateways(count: number, options: TaskHarnessOptions = {}, hub = new CountingHub()): TaskHarness[] {
  const firstAnswerMs = 3_600_000;
  return Array.from({ length: count }, () => new TaskHarness({ hub, firstAnswerMs, ...options }));
}

async function dispose(harnesses: readonly TaskHarness[]): Promise<void> {
  for (const harness of harnesses) await harness[Symbol.asyncDispose]();
}

test('a pause is reported once, however many gateways receive it', async () => {
  const hub = new CountingHub();
  const source = new ScriptedSource(() => new UpstreamRateLimited('slower', { retryAfterMs: 20_000 }));
  const harnesses = gateways(5, { source }, hub);
  for (const harness of harnesses) harness.subscribe('task');
  await pass(15_000);
  expect([hub.pauses, source.calls.length]).toEqual([1, 1]);
  await dispose(harnesses);
});

test('a pause holds for a gateway that first uses the token afterwards, and for one that starts meanwhile', async () => {
  const hub = new CountingHub();
  const source = new ScriptedSource(() => new UpstreamRateLimited('slower', { retryAfterMs: 20_000 }));
  const harnesses = gateways(2, { source }, hub);
  harnesses[0]?.subscribe('one');
  await pass(100);
  harnesses.push(...gateways(1, { source }, hub));
  harnesses[1]?.subscribe('two');
  harnesses[2]?.subscribe('three');
  await pass(19_000);
  expect(source.calls).toHaveLength(1);
  source.answer = (id) => report(id);
  await pass(3_000);
  expect(new Set(source.calls.map(({ id }) => id))).toEqual(new Set(['one', 'two', 'three']));
  await dispose(harnesses);
});

test('of a refused token one gateway sends the probes; when it has gone, another does', async () => {
  const hub = new CountingHub();
  const source = new ScriptedSource(() => new TokenRefused('no'));
  const harnesses = gateways(3, { source }, hub);
  for (const [index, harness] of harnesses.entries()) harness.subscribe(`task-${index}`);
  await pass(3_000);
  const begun = source.calls.length;
  await pass(100_000);
  expect(source.calls.length - begun).toBeLessThanOrEqual(11);
  expect(source.calls.length - begun).toBeGreaterThanOrEqual(8);
  // Each probe that is refused is told to the others, and what is heard is never told again.
  expect(hub.pauses).toBeLessThanOrEqual(source.calls.length);
  const [first] = harnesses;
  await first?.[Symbol.asyncDispose]();
  const left = source.calls.length;
  await pass(100_000);
  expect(source.calls.length - left).toBeGreaterThanOrEqual(7);
  expect(source.calls.length - left).toBeLessThanOrEqual(11);
  await dispose(harnesses);
});

test('a refusal holds for a gateway that first uses the token afterwards; a remembered state does not lift it', async () => {
  const hub = new CountingHub();
  const source = new ScriptedSource();
  const harnesses = gateways(2, { source }, hub);
  const [one, two] = harnesses;
  one?.subscribe('task');
  await pass(2_500);
  source.answer = () => new TokenRefused('no');
  await pass(1_000);
  const calls = source.calls.length;
  const late = two?.subscribe('task');
  await pass(6_000);
  expect(source.calls).toHaveLength(calls);
  expect(late?.last).toMatchObject({ stale: true });
  source.answer = (id) => report(id);
  await pass(20_000);
  expect(late?.last).toMatchObject({ stale: false });
  await dispose(harnesses);
});

test('the breaker of a gateway closes with the first answer that another one gets', async () => {
  const source = new ScriptedSource();
  const harnesses = gateways(2, { source, firstAnswerMs: 1_000 });
  const [one, two] = harnesses;
  for (const harness of harnesses) harness.subscribe('task');
  const seen = Promise.all(Array.from({ length: 12 }, (_, n) => two?.registry.get(`asked-for-${n}`, OWN)));
  await pass(2_000);
  await seen;
  source.answer = () => new UpstreamUnavailable('down');
  const asked = Array.from({ length: 12 }, (_, n) => two?.registry.get(`asked-for-${n}`, OWN));
  const answers = Promise.allSettled(asked);
  await pass(5_000);
  await answers;
  expect(two?.schedulers.for(OWN).state).toMatchObject({ kind: 'open', reason: 'origin-failing' });
  source.answer = (id) => report(id);
  await pass(1_000);
  void one?.registry.get('task', OWN);
  await pass(10);
  expect(two?.schedulers.for(OWN).state.kind).toBe('closed');
  await dispose(harnesses);
});

test('the rate holds for all gateways together and is used up, though they ask for the same tasks', async () => {
  const source = new ScriptedSource();
  const harnesses = gateways(3, { source, maxRps: 10 });
  for (const harness of harnesses) for (let task = 0; task < 40; task += 1) harness.subscribe(`task-${task}`);
  await pass(10_000);
  const begun = source.calls.length;
  await pass(20_000);
  const rate = (source.calls.length - begun) / 20;
  expect(rate).toBeLessThanOrEqual(10.1);
  expect(rate).toBeGreaterThan(8.5);
  const perTask = Map.groupBy(source.calls.slice(begun), ({ id }) => id);
  const counts = [...perTask.values()].map((calls) => calls.length);
  expect(perTask.size).toBe(40);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(3);
  await dispose(harnesses);
});

test('a granted call that is not made in time is lost, and one that another gateway has made is given back', async () => {
  const asked: number[] = [];
  class Counting extends MemoryCluster<WatchState> {
    override tryConsume(...args: Parameters<SharedRateLimiter['tryConsume']>): Promise<number> {
      asked.push(performance.now());
      return super.tryConsume(...args);
    }
  }

  const shared = new Counting();
  const budget = new ClusterRateLimiter(shared, 'key', 1, () => {});
  expect(budget.delayMs(performance.now())).toBeGreaterThan(0);
  await pass(0);
  expect(budget.delayMs(performance.now())).toBe(0);
  budget.consume();
  budget.refund(performance.now());
  expect(budget.delayMs(performance.now())).toBe(0);
  await pass(300);
  expect(budget.delayMs(performance.now())).toBeGreaterThan(0);
  await pass(0);
  // The second slot begins a second after the first.
  expect(budget.delayMs(performance.now())).toBeGreaterThan(600);
  expect(asked).toHaveLength(2);
  await shared[Symbol.asyncDispose]();
});
