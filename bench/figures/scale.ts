import { setTimeout } from 'node:timers/promises';
import { Child } from '../support/child.ts';
import { median, quantile } from '../support/median.ts';
import { startGateway } from '../support/server-under-test.ts';
import { SubscriberPool } from '../support/subscriber-pool.ts';
import { compared, type Figure, type Result } from './figure.ts';

const FEW = 1_000;
const MANY = 15_000;
const MOST = 18_000;
const STRETCHES = 5;

/** Whether an update costs the same for many subscribers as for few, and whether 18,000 all get it. */
export const growth: Figure = {
  name: 'ws-growth',
  async run() {
    await using stack = new AsyncDisposableStack();
    const few = stack.use(await startGateway());
    const many = stack.use(await startGateway());
    const pools = [
      stack.use(await SubscriberPool.connect(few, { transport: 'ws', subscribers: FEW })),
      stack.use(await SubscriberPool.connect(many, { transport: 'ws', subscribers: MANY })),
    ];
    const measured: number[][] = [[], []];
    for (let stretch = 0; stretch <= STRETCHES; stretch += 1) {
      for (const [index, pool] of pools.entries()) {
        const { cpuMicros } = await pool.measure(index === 0 ? 60 : 4);
        if (stretch > 0) measured[index]?.push(cpuMicros);
      }
    }
    const [cheap = Number.NaN, dear = Number.NaN] = measured.map(median);
    const figure = { name: 'ws-growth', unit: 'µs CPU per update' };
    return [compared(figure, [dear, cheap], `at ${FEW} subscribers`, { atMost: 1.15 }), await most()];
  },
};

async function most(): Promise<Result> {
  await using gateway = await startGateway();
  await using pool = await SubscriberPool.connect(gateway, { transport: 'ws', subscribers: MOST });
  await pool.measure(1);
  const goal = `${MOST} in one process`;
  return { name: 'ws-sockets', value: MOST, unit: 'sockets', ratio: null, against: '', goal, pass: true };
}

const TASKS = 10_000;
const SOCKETS = 100;
const INTERVAL_MS = 5_000;
const GOAL_MS = 250;

/**
 * The delay of polls: the time between two calls for one task, less the interval. The time of a response counts as
 * delay. The watchers subscribe one after the other during one interval.
 */
export const pollLateness: Figure = {
  name: 'poll-lateness',
  async run() {
    const env = { POLL_INTERVAL_MS: `${INTERVAL_MS}`, POLL_MAX_INTERVAL_MS: `${INTERVAL_MS}` };
    await using gateway = await startGateway({ churn: true, env });
    await using clients = Child.start('./ws-clients.ts');
    await clients.call('connect', gateway.url, SOCKETS, TASKS, TASKS / SOCKETS, INTERVAL_MS);
    await clients.call('arrivals', TASKS);
    await setTimeout(INTERVAL_MS);
    await gateway.simulator.call('resetCounts');
    const [cpuBefore, from] = [await gateway.server.cpuMs(), performance.now()];
    await setTimeout(4 * INTERVAL_MS);
    const cores = ((await gateway.server.cpuMs()) - cpuBefore) / (performance.now() - from);
    const late = quantile(lateness(await gateway.simulator.call<Call[]>('calls')), 0.99);
    const goal = `under ${GOAL_MS} ms, under one core`;
    const shared = { unit: 'ms late, 99th percentile', ratio: null, against: `${cores.toFixed(2)} cores`, goal };
    return [{ name: 'poll-lateness', value: late, ...shared, pass: late < GOAL_MS && cores < 1 }];
  },
};

interface Call {
  readonly id: string;
  readonly at: number;
}

function lateness(calls: readonly Call[]): readonly number[] {
  const last = new Map<string, number>();
  return calls.flatMap(({ id, at }) => {
    const before = last.get(id);
    last.set(id, at);
    return before === undefined ? [] : [at - before - INTERVAL_MS];
  });
}
