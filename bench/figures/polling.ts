import { setTimeout } from 'node:timers/promises';
import { ClusterDeployment } from '../cluster-deployment.ts';
import { Child } from '../support/child.ts';
import { quantile } from '../support/median.ts';
import { type GatewayUnderTest, startGateway } from '../support/server-under-test.ts';
import type { Figure, Result } from './figure.ts';

interface Call {
  readonly id: string;
  readonly at: number;
}

const TASKS = 10_000;
const SOCKETS = 100;
const INTERVAL_MS = 5_000;
const MAX_CORES = 0.5;

/**
 * The delay of polls: the time between two calls for one task, less the interval. The time of a response counts as
 * delay. The watchers subscribe one after the other during one interval, or all in one instant.
 */
export const pollLateness: Figure = {
  name: 'poll-lateness',
  async run() {
    const spread = await lateness('poll-lateness', { arriveOverMs: INTERVAL_MS, goalMs: 100 });
    return [spread, await lateness('poll-lateness-instant', { arriveOverMs: 0, goalMs: 150 })];
  },
};

async function lateness(name: string, { arriveOverMs, goalMs }: { arriveOverMs: number; goalMs: number }) {
  await using gateway = await startGateway({ churn: true, env: fixedInterval(INTERVAL_MS) });
  await using clients = Child.start('./ws-clients.ts');
  await clients.call('connect', gateway.url, SOCKETS, TASKS, TASKS / SOCKETS, arriveOverMs);
  await clients.call('arrivals', TASKS);
  // A burst has spread after three intervals.
  await setTimeout(3 * INTERVAL_MS);
  const { calls, cores } = await callsDuring(gateway, 4 * INTERVAL_MS);
  const value = quantile(delays(calls), 0.99);
  const goal = `under ${goalMs} ms, under ${MAX_CORES} cores`;
  const shared = { unit: 'ms late, 99th percentile', ratio: null, against: `${cores.toFixed(2)} cores`, goal };
  return { name, value, ...shared, pass: value < goalMs && cores < MAX_CORES };
}

async function callsDuring({ server, simulator }: GatewayUnderTest, ms: number) {
  await simulator.call('resetCounts');
  const [cpuBefore, from] = [await server.cpuMs(), performance.now()];
  await setTimeout(ms);
  const cores = ((await server.cpuMs()) - cpuBefore) / (performance.now() - from);
  return { calls: await simulator.call<Call[]>('calls'), cores };
}

function delays(calls: readonly Call[]): readonly number[] {
  const last = new Map<string, number>();
  return calls.flatMap(({ id, at }) => {
    const before = last.get(id);
    last.set(id, at);
    return before === undefined ? [] : [at - before - INTERVAL_MS];
  });
}

const BURST_TASKS = 1_500;
const BURST_INTERVAL_MS = 2_000;
const WINDOW_MS = 100;
const MOST_OVER_MEAN = 1.5;

/** What A2E receives after 1,500 tasks were watched in one instant: the calls in the busiest 100 ms over the mean. */
export const pollSmoothness: Figure = {
  name: 'poll-smoothness',
  async run() {
    return [await smoothness(1), await smoothness(3)];
  },
};

async function smoothness(gateways: number): Promise<Result> {
  const options = { intervalMs: BURST_INTERVAL_MS, each: BURST_TASKS / SOCKETS };
  await using deployment = await ClusterDeployment.start(gateways, SOCKETS, BURST_TASKS, options);
  await setTimeout(3 * BURST_INTERVAL_MS);
  const calls = await deployment.callsDuring(4 * BURST_INTERVAL_MS);
  // Far fewer calls: the machine was too busy for the first answers, and the figure says nothing.
  const expected = 4 * BURST_TASKS;
  const value = busiestOverMean(calls.map(({ at }) => at));
  const name = gateways === 1 ? 'poll-smoothness' : `poll-smoothness-${gateways}`;
  const shared = { unit: `calls in the busiest ${WINDOW_MS} ms over the mean`, ratio: null };
  const against = `${gateways} gateway${gateways === 1 ? '' : 's'}, ${calls.length} of ${expected} calls`;
  return { name, value, ...shared, against, goal: `at most ${MOST_OVER_MEAN}`, pass: value <= MOST_OVER_MEAN };
}

/** Windows begin with each call. */
function busiestOverMean(times: readonly number[]): number {
  let from = 0;
  let most = 0;
  for (const [index, at] of times.entries()) {
    while ((times[from] ?? at) <= at - WINDOW_MS) from += 1;
    most = Math.max(most, index - from + 1);
  }
  const durationMs = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return most / ((times.length * WINDOW_MS) / durationMs);
}

function fixedInterval(ms: number): Readonly<Record<string, string>> {
  return { POLL_INTERVAL_MS: `${ms}`, POLL_MAX_INTERVAL_MS: `${ms}` };
}
