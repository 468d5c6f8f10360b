import { median } from './median.ts';
import { type Contestant, type GatewayOptions, startGateway, startMadeUp } from './server-under-test.ts';
import { Audience, type AudienceOptions } from './subscriber-pool.ts';

export interface DuelOptions extends AudienceOptions {
  /** The floors and peers by the names of their files. */
  readonly others: readonly string[];
  readonly gateway?: GatewayOptions;
  /** Updates of every task per stretch. */
  readonly updates?: number;
  readonly stretches?: number;
}

/** The median of what each contestant took, the gateway first. */
export interface Duel {
  /** Server CPU per delivered update, in µs. */
  readonly cpuMicros: readonly number[];
  /** Until the last subscriber had an update, in ms. */
  readonly lastMs: readonly number[];
}

/** Lets the gateway and the others take turns, each with an audience of its own: the first turn warms up. */
export async function duel({ others, gateway, updates = 10, stretches = 5, ...options }: DuelOptions): Promise<Duel> {
  await using stack = new AsyncDisposableStack();
  const audiences: Audience[] = [];
  for (const start of [() => startGateway(gateway), ...others.map((name) => () => startMadeUp(name))]) {
    const contestant: Contestant = stack.use(await start());
    audiences.push(stack.use(await Audience.gather(contestant, options)));
  }
  const taken = audiences.map(() => ({ cpuMicros: [] as number[], lastMs: [] as number[] }));
  for (let stretch = 0; stretch <= stretches; stretch += 1) {
    for (const [index, audience] of audiences.entries()) {
      const { cpuMicros, lastMs } = await audience.measure(updates);
      if (stretch === 0) continue;
      taken[index]?.cpuMicros.push(cpuMicros);
      taken[index]?.lastMs.push(...lastMs);
    }
  }
  return {
    cpuMicros: taken.map(({ cpuMicros }) => median(cpuMicros)),
    lastMs: taken.map(({ lastMs }) => median(lastMs)),
  };
}
