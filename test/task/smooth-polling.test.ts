import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { Random } from '../soak/random.ts';
import { mostWithin } from './most-within.ts';
import { ScriptedSource } from './scripted-source.ts';
import { TaskHarness, type Watcher } from './task-harness.ts';
import { VirtualClock } from './virtual-clock.ts';

const TASKS = 1_500;
const INTERVAL_MS = 2_000;
const LATENCY_MS = 20;
const TIMES = { intervalMs: INTERVAL_MS, lingerMs: 100, maxConcurrency: 1_000 };
/** The same rate with fewer tasks. */
const FEWER = 600;
const SHORT_MS = 800;

let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock();
});
afterEach(() => clock[Symbol.dispose]());

/** The same numbers in every run, so that a failure can be repeated. */
function seeded(seed = 1): () => number {
  const random = new Random(seed);
  return () => random.next();
}

function slowSource(): ScriptedSource {
  const source = new ScriptedSource();
  source.latencyMs = LATENCY_MS;
  return source;
}

function subscribeTo(harness: TaskHarness, from = 0, until = TASKS): Watcher[] {
  return Array.from({ length: until - from }, (_, n) => harness.subscribe(`task-${from + n}`));
}

/** The calls since `from`, until now. Gaps are times between two calls for one task, in ms. */
function callsSince({ calls }: ScriptedSource, from: number) {
  const last = new Map<string, number>();
  const gaps: number[] = [];
  for (const { id, at } of calls) {
    const before = last.get(id);
    if (before !== undefined && at >= from) gaps.push(at - before);
    last.set(id, at);
  }
  const times = calls.map(({ at }) => at).filter((at) => at >= from);
  const perTenth = (times.length * 100) / (Date.now() - from);
  return {
    busiest: mostWithin(times, 100),
    /** 1.5 times the mean, in whole calls. */
    mostAllowed: Math.ceil(1.5 * perTenth),
    longest: gaps.reduce((most, gap) => Math.max(most, gap), 0),
    shortest: gaps.reduce((least, gap) => Math.min(least, gap), Number.POSITIVE_INFINITY),
    average: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
  };
}

/** The promise of `PollSpread` for polls that have been spread. */
function expectSmooth(source: ScriptedSource, from: number, intervalMs = INTERVAL_MS, seed = 1): void {
  const { busiest, mostAllowed, longest, shortest, average } = callsSince(source, from);
  expect(busiest, `seed ${seed}`).toBeLessThanOrEqual(mostAllowed);
  expect(longest, `seed ${seed}`).toBeLessThanOrEqual(1.1 * intervalMs + LATENCY_MS + 2);
  expect(shortest, `seed ${seed}`).toBeGreaterThanOrEqual(0.9 * intervalMs);
  expect(Math.abs(average - LATENCY_MS - intervalMs) / intervalMs, `seed ${seed}`).toBeLessThan(0.02);
}

test('1,500 tasks watched in one instant are answered at once, and spread within an interval', async () => {
  await using harness = new TaskHarness({ ...TIMES, random: seeded(), source: slowSource() });
  const { source } = harness;
  const from = Date.now();
  const watchers = subscribeTo(harness);
  await clock.pass(0.1 * INTERVAL_MS);
  expect(watchers.every(({ last }) => last !== undefined)).toBe(true);
  await clock.pass(3 * INTERVAL_MS);
  const { longest, busiest, mostAllowed } = callsSince(source, from + 0.2 * INTERVAL_MS);
  expect(longest).toBeLessThanOrEqual(1.1 * INTERVAL_MS + LATENCY_MS + 2);
  expect(busiest).toBeLessThanOrEqual(mostAllowed);
  const evenFrom = Date.now();
  await clock.pass(3 * INTERVAL_MS);
  expectSmooth(source, evenFrom);
  // Once, the first repeats come 0.4 of an interval early on average.
  expect(source.calls.length / TASKS).toBeLessThanOrEqual(1 + (Date.now() - from) / INTERVAL_MS + 0.5);
});

/** Gateways that all watch the tasks; each of them makes its share of the calls. */
function watchOnAll(gateways: number, tasks: number, source: ScriptedSource, seed: number): AsyncDisposable {
  const random = seeded(seed);
  const hub = new MemoryHub<WatchState>();
  const harnesses = Array.from({ length: gateways }, () => new TaskHarness({ ...TIMES, random, source, hub }));
  for (let n = 0; n < tasks; n += 1)
    for (let gateway = 0; gateway < gateways; gateway += 1) harnesses[(n + gateway) % gateways]?.subscribe(`task-${n}`);
  const stack = new AsyncDisposableStack();
  for (const harness of harnesses) stack.use(harness);
  return stack;
}

const BURSTS = [4, 5, 17, 30, 60, 100, 150, 300, TASKS].flatMap((tasks) =>
  [1, 3].flatMap((gateways) => {
    // Another test has the burst of all tasks at one gateway.
    if (tasks === TASKS) return gateways === 1 ? [] : [{ tasks, gateways, seed: 1 }];
    return (tasks <= 100 ? [1, 2, 3] : [1]).map((seed) => ({ tasks, gateways, seed }));
  }),
);

test.each(BURSTS)(
  '$tasks tasks watched in one instant at $gateways gateways are even soon, seed $seed',
  async (burst) => {
    const { tasks, gateways, seed } = burst;
    const source = slowSource();
    await using _watched = watchOnAll(gateways, tasks, source, seed);
    const start = Date.now();
    await clock.pass(3 * INTERVAL_MS);
    expect(callsSince(source, start).longest, `seed ${seed}`).toBeLessThanOrEqual(1.1 * INTERVAL_MS + LATENCY_MS + 2);
    const from = Date.now();
    // Some more intervals of a few tasks, so that their last shifts do not change the average.
    await clock.pass((tasks < 30 ? 16 : 2) * INTERVAL_MS);
    expectSmooth(source, from, INTERVAL_MS, seed);
  },
);

test('two bursts, one of them when the first has spread, and half of the tasks that leave', async () => {
  await using harness = new TaskHarness({ ...TIMES, random: seeded(), intervalMs: SHORT_MS, source: slowSource() });
  const { source } = harness;
  const first = subscribeTo(harness, 0, FEWER / 2);
  await clock.pass(2.3 * SHORT_MS);
  subscribeTo(harness, FEWER / 2, FEWER);
  await clock.pass(3 * SHORT_MS);
  const together = Date.now();
  await clock.pass(3 * SHORT_MS);
  expectSmooth(source, together, SHORT_MS);
  for (const watcher of first) watcher.leave();
  await clock.pass(3 * SHORT_MS);
  const left = Date.now();
  await clock.pass(3 * SHORT_MS);
  expectSmooth(source, left, SHORT_MS);
});

test('all clients that reconnect at once', async () => {
  await using harness = new TaskHarness({ ...TIMES, random: seeded(), intervalMs: SHORT_MS, source: slowSource() });
  const watchers = subscribeTo(harness, 0, FEWER);
  await clock.pass(4 * SHORT_MS);
  for (const watcher of watchers) watcher.leave();
  await clock.pass(5 * SHORT_MS);
  subscribeTo(harness, 0, FEWER);
  await clock.pass(3 * SHORT_MS);
  const from = Date.now();
  await clock.pass(3 * SHORT_MS);
  expectSmooth(harness.source, from, SHORT_MS);
});

test('clients that leave and come back after half an interval cause no more than one call per interval', async () => {
  await using harness = new TaskHarness({ ...TIMES, random: seeded(), source: slowSource() });
  const [tasks, rounds, from] = [40, 24, Date.now()];
  for (let round = 0; round < rounds; round += 1) {
    const watchers = subscribeTo(harness, 0, tasks);
    await clock.pass(0.5 * INTERVAL_MS);
    for (const watcher of watchers) watcher.leave();
    await clock.pass(0.6 * INTERVAL_MS);
  }
  const perTask = harness.source.calls.length / tasks;
  expect(perTask / ((Date.now() - from) / INTERVAL_MS)).toBeLessThanOrEqual(1.03);
});

test('tasks that do not change are even once they have the longest interval', async () => {
  await using harness = new TaskHarness({
    ...TIMES,
    random: seeded(),
    intervalMs: SHORT_MS,
    source: slowSource(),
    maxIntervalMs: 3 * SHORT_MS,
  });
  subscribeTo(harness, 0, FEWER);
  await clock.pass(22 * SHORT_MS);
  const from = Date.now();
  await clock.pass(9 * SHORT_MS);
  expectSmooth(harness.source, from, 3 * SHORT_MS);
});

test('three tasks keep their interval to the millisecond', async () => {
  await using harness = new TaskHarness({ ...TIMES, random: seeded(), source: slowSource() });
  const from = Date.now();
  subscribeTo(harness, 0, 3);
  await clock.pass(10 * INTERVAL_MS);
  const { longest, shortest } = callsSince(harness.source, from);
  expect(shortest).toBeGreaterThanOrEqual(INTERVAL_MS + LATENCY_MS);
  expect(longest).toBeLessThanOrEqual(INTERVAL_MS + LATENCY_MS + 2);
});

test.each([0.6, 0.95, 1.5])('two gateways never both take a tick when a call takes %f intervals', async (intervals) => {
  const [hub, source] = [new MemoryHub<WatchState>(), new ScriptedSource()];
  source.latencyMs = intervals * SHORT_MS;
  const from = Date.now();
  await using one = new TaskHarness({ ...TIMES, random: seeded(), intervalMs: SHORT_MS, source, hub });
  await using two = new TaskHarness({ ...TIMES, random: seeded(), intervalMs: SHORT_MS, source, hub });
  for (const harness of [one, two]) subscribeTo(harness, 0, 80);
  await clock.pass(12 * SHORT_MS);
  expect(callsSince(source, from).shortest).toBeGreaterThanOrEqual(0.8 * SHORT_MS);
});
