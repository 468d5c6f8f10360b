import { measurePaired } from '../support/paired-runs.ts';
import { compared, type Figure } from './figure.ts';

const CPU = { unit: 'µs CPU per update' };

/** One task, many subscribers: against the floor, in CPU and in the time until the last one has an update. */
export const webSocketFanOut: Figure = {
  name: 'ws-fan-out',
  async run() {
    const measured = await measurePaired({ compareWith: ['bare-ws'], transport: 'ws', subscribers: 5_000 });
    return [
      compared({ name: 'ws-fan-out', ...CPU }, pair(measured.cpuMicros), 'bare ws', { atMost: 1.2 }),
      compared({ name: 'ws-last-of-5000', unit: 'ms' }, pair(measured.lastMs), 'bare ws', { atMost: 1.3 }),
    ];
  },
};

export const sseFanOut: Figure = {
  name: 'sse-fan-out',
  async run() {
    const { cpuMicros } = await measurePaired({
      compareWith: ['bare-sse'],
      transport: 'sse',
      subscribers: 2_000,
      updates: 20,
    });
    return [compared({ name: 'sse-fan-out', ...CPU }, pair(cpuMicros), 'bare node:http', { atMost: 1.3 })];
  },
};

/** Against the servers that a team would use instead. */
export const webSocketPeers: Figure = {
  name: 'ws-peers',
  async run() {
    const peers = ['apollo', 'yoga', 'mercurius'];
    const options = { transport: 'ws', subscribers: 5_000, updates: 4, stretches: 3 } as const;
    const [own = Number.NaN, ...peerMicros] = (await measurePaired({ compareWith: peers, ...options })).cpuMicros;
    const best = Math.min(...peerMicros);
    const words = peers.map((peer, index) => `${peer} ${Math.round(peerMicros[index] ?? 0)}`).join(', ');
    return [compared({ name: 'ws-peers', ...CPU }, [own, best], `best of ${words}:`, { atMost: 0.3 })];
  },
};

export const ssePeers: Figure = {
  name: 'sse-peers',
  async run() {
    const measured = await measurePaired({
      compareWith: ['yoga'],
      transport: 'sse',
      subscribers: 2_000,
      updates: 10,
      stretches: 3,
    });
    return [compared({ name: 'sse-peers', ...CPU }, pair(measured.cpuMicros), 'yoga', { atMost: 0.3 })];
  },
};

/** Distinct variables: 100 executions, each for 50 subscribers. The figure includes the gateway's polls. */
export const distinctTasks: Figure = {
  name: 'ws-distinct',
  async run() {
    const measured = await measurePaired({
      compareWith: ['bare-ws'],
      transport: 'ws',
      subscribers: 5_000,
      tasks: 100,
      updates: 20,
      stretches: 4,
      gateway: { churn: true, env: { POLL_INTERVAL_MS: '300', POLL_MAX_INTERVAL_MS: '300' } },
    });
    return [compared({ name: 'ws-distinct', ...CPU }, pair(measured.cpuMicros), 'bare ws', { atMost: 1.5 })];
  },
};

function pair([own = Number.NaN, other = Number.NaN]: readonly number[]): readonly [number, number] {
  return [own, other];
}
