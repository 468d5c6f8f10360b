import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { VirtualClock } from './virtual-clock.ts';
import { IDS, type Id, INTERVAL_MS, type UpstreamMode, UpstreamModel } from './watch-model.ts';

/** `MODEL_RUNS=100000 npx vitest run test/task/watch-model` for a long one; `MODEL_SEED` repeats one that failed. */
const { MODEL_RUNS = '6000', MODEL_SEED } = process.env;

let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock();
});
afterEach(() => clock[Symbol.dispose]());

/** The rules are checked by {@link UpstreamModel}; the model fast-check itself keeps is empty. */
type Nothing = Record<string, never>;

/** Something that happens, and the checks after it. */
class Step implements fc.AsyncCommand<Nothing, UpstreamModel> {
  readonly #name: string;
  readonly #act: (world: UpstreamModel) => Promise<void> | void;

  constructor(name: string, act: (world: UpstreamModel) => Promise<void> | void) {
    this.#name = name;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(_model: Nothing, world: UpstreamModel): Promise<void> {
    await this.#act(world);
    await clock.pass(1);
    world.check();
  }

  toString(): string {
    return this.#name;
  }
}

const id = fc.constantFrom<Id>(...IDS);
const gateway = fc.nat(1);
const weather = fc.constantFrom<UpstreamMode>('fine', 'fine', 'down', 'garbage', 'limited', 'forgetful');
const status = fc.constantFrom('INIT', 'PENDING', 'PROCESS', 'PROCESS', 'COPY', 'UNKNOWN', 'SUCCESS', 'FAIL');
const ms = fc.constantFrom(1, 50, 300, 999, 1_000, 1_001, 2_500, 5_000, 12_000);

/** Rule 1: what is known is shown at once. */
async function subscribe(world: UpstreamModel, task: Id, at: number): Promise<void> {
  const known = world.harness(at).registry.watch(task, world.credential).state.snapshot;
  const { watcher } = world.subscribe(task, at);
  await clock.pass(1);
  if (known) expect(watcher.events.length, 'the current state at once').toBeGreaterThanOrEqual(1);
}

const steps = [
  fc
    .tuple(id, gateway)
    .map(([task, at]) => new Step(`subscribe ${task} at ${at}`, (world) => subscribe(world, task, at))),
  fc.nat(20).map((index) => new Step(`unsubscribe ${index}`, (world) => world.unsubscribe(index))),
  fc.tuple(id, gateway).map(([task, at]) => {
    return new Step(`query ${task} at ${at}`, (world) => world.query(task, at, (time) => clock.pass(time)));
  }),
  fc.tuple(id, status).map(([task, to]) => new Step(`${task} becomes ${to}`, (world) => world.change(task, to))),
  weather.map((next) => {
    return new Step(`A2E: ${next}`, (world) => {
      world.weather = next;
    });
  }),
  ms.map((time) => new Step(`${time} ms`, () => clock.pass(time))),
  ms.map((time) => new Step(`${time} ms`, () => clock.pass(time))),
];

/** Long enough for every back-off, pause and probe to be over. */
async function untilSettled(world: UpstreamModel): Promise<void> {
  world.weather = 'fine';
  for (let waited = 0; waited < 75_000 && !world.settled; waited += 500) await clock.pass(500);
  world.check();
  world.checkSettled();
  for (const { watcher } of world.subscribers) watcher.leave();
  await clock.pass(2 * INTERVAL_MS);
  const calls = world.source.calls.length;
  await clock.pass(10_000);
  expect(world.source.calls.length, 'calls without a watcher').toBe(calls);
  expect(clock.timers, 'timers without a watcher').toBe(0);
}

test.each([1, 2])(
  'the eight rules of a subscription hold, %s gateway(s)',
  async (gateways) => {
    await using stack = new AsyncDisposableStack();
    const hub = new MemoryHub<WatchState>({ maxTopics: 10 });
    const clusters = Array.from({ length: gateways }, () => stack.use(new MemoryCluster({ hub })));
    await fc.assert(
      fc.asyncProperty(
        fc.commands(steps, { maxCommands: 30, size: 'max' }),
        fc.constantFrom(0, 20, 300),
        async (commands, latencyMs) => {
          await using world = new UpstreamModel(clusters, latencyMs);
          await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
          await untilSettled(world);
        },
      ),
      { numRuns: Math.ceil(Number(MODEL_RUNS) / 2), ...(MODEL_SEED && { seed: Number(MODEL_SEED) }), verbose: 1 },
    );
  },
  3_600_000,
);
