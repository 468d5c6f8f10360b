import { measureServers } from '../support/paired-runs.ts';
import { startGateway, startTracedGateway } from '../support/server-under-test.ts';
import { compared, type Figure } from './figure.ts';

/** The cost of traces that a collector takes, in CPU per update. */
export const tracing: Figure = {
  name: 'ws-traced',
  async run() {
    const options = { transport: 'ws', subscribers: 1_000, updates: 15, stretches: 5 } as const;
    const { cpuMicros } = await measureServers([() => startTracedGateway(), () => startGateway()], options);
    const [traced = Number.NaN, alone = Number.NaN] = cpuMicros;
    return [compared({ name: 'ws-traced', unit: 'µs CPU per update' }, [traced, alone], 'no traces', { atMost: 1.1 })];
  },
};
