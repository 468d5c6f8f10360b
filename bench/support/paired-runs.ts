import { median } from './median.ts';
import { type GatewayOptions, type ServerUnderTest, startGateway, startMadeUp } from './server-under-test.ts';
import { SubscriberPool, type SubscriberPoolOptions } from './subscriber-pool.ts';

export interface RunOptions extends SubscriberPoolOptions {
  /** Updates of every task per stretch. */
  readonly updates?: number;
  readonly stretches?: number;
}

export interface PairedRunOptions extends RunOptions {
  /** The floors and peers by the names of their files. */
  readonly compareWith: readonly string[];
  readonly gateway?: GatewayOptions;
}

/** The median figures of each server, in their order. */
export interface PairedRuns {
  /** Server CPU per delivered update, in µs. */
  readonly cpuMicros: readonly number[];
  /** Until the last subscriber had an update, in ms. */
  readonly lastMs: readonly number[];
}

/**
 * Measures the gateway and the named servers in alternation: see {@link measureServers}. The gateway is the first.
 */
export function measurePaired({ compareWith, gateway, ...options }: PairedRunOptions): Promise<PairedRuns> {
  const peers = compareWith.map((name) => () => startMadeUp(name));
  return measureServers([() => startGateway(gateway), ...peers], options);
}

/** Measures servers in alternation, each with its own subscribers. The first stretch warms up. */
export async function measureServers(
  starts: readonly (() => Promise<ServerUnderTest>)[],
  { updates = 10, stretches = 5, ...options }: RunOptions,
): Promise<PairedRuns> {
  await using stack = new AsyncDisposableStack();
  const pools: SubscriberPool[] = [];
  for (const start of starts) {
    const server = stack.use(await start());
    pools.push(stack.use(await SubscriberPool.connect(server, options)));
  }
  const measured = pools.map(() => ({ cpuMicros: [] as number[], lastMs: [] as number[] }));
  for (let stretch = 0; stretch <= stretches; stretch += 1) {
    for (const [index, pool] of pools.entries()) {
      const { cpuMicros, lastMs } = await pool.measure(updates);
      if (stretch === 0) continue;
      measured[index]?.cpuMicros.push(cpuMicros);
      measured[index]?.lastMs.push(...lastMs);
    }
  }
  return {
    cpuMicros: measured.map(({ cpuMicros }) => median(cpuMicros)),
    lastMs: measured.map(({ lastMs }) => median(lastMs)),
  };
}
