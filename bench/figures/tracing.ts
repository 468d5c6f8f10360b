import { startGateway, startTracedGateway } from '../support/server-under-test.ts';
import { measurePairs, type StretchPair } from '../support/stretch-pairs.ts';
import { SubscriberPool } from '../support/subscriber-pool.ts';
import { comparedPairs, type Figure } from './figure.ts';

/** Two processes of the same gateway differ by some per cent, so that several pairs of processes are measured. */
const PROCESSES = 3;
const PAIRS = 4;
const UPDATES = 20;

/** The cost of traces that a collector takes, in CPU per update. */
export const tracing: Figure = {
  name: 'ws-traced',
  async run() {
    const pairs: StretchPair[] = [];
    for (let round = 0; round < PROCESSES; round += 1) pairs.push(...(await measureProcesses()));
    return [comparedPairs({ name: 'ws-traced', unit: 'µs CPU per update' }, pairs, 'no traces', { atMost: 1.1 })];
  },
};

async function measureProcesses(): Promise<readonly StretchPair[]> {
  const options = { transport: 'ws', subscribers: 1_000 } as const;
  await using tracedGateway = await startTracedGateway();
  await using plainGateway = await startGateway();
  await using traced = await SubscriberPool.connect(tracedGateway, options);
  await using plain = await SubscriberPool.connect(plainGateway, options);
  return await measurePairs(PAIRS, [
    async () => (await traced.measure(UPDATES)).cpuMicros,
    async () => (await plain.measure(UPDATES)).cpuMicros,
  ]);
}
