import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MemoryCluster } from '../../src/cluster/memory/memory-cluster.ts';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { IDS, type Id, type UpstreamMode } from './a2e-truth.ts';
import { TROUBLES } from './failing-tenant.ts';
import { VirtualClock } from './virtual-clock.ts';
import { INTERVAL_MS, UpstreamModel } from './watch-model.ts';

/** `MODEL_RUNS=100000 npx vitest run test/task/watch-model` for a long run; `MODEL_SEED` repeats one that failed. */
const { MODEL_RUNS = '4000', MODEL_SEED } = process.env;

let clock: VirtualClock;
beforeEach(() => {
  clock = new VirtualClock();
});
afterEach(() => clock[Symbol.dispose]());

/** {@link UpstreamModel} checks the rules, so the state of fast-check's own model is empty. */
type EmptyModel = Record<string, never>;

/** One action, and the checks after it. */
class Step implements fc.AsyncCommand<EmptyModel, UpstreamModel> {
  readonly #name: string;
  readonly #act: (model: UpstreamModel) => Promise<void> | void;

  constructor(name: string, act: (model: UpstreamModel) => Promise<void> | void) {
    this.#name = name;
    this.#act = act;
  }

  check(): boolean {
    return true;
  }

  async run(_empty: EmptyModel, model: UpstreamModel): Promise<void> {
    await this.#act(model);
    await clock.pass(1);
    model.check();
  }

  toString(): string {
    return this.#name;
  }
}

const id = fc.constantFrom<Id>(...IDS);
const gateway = fc.nat(1);
const mode = fc.constantFrom<UpstreamMode>('fine', 'fine', 'down', 'garbage', 'limited', 'denied', 'forgetful');
const status = fc.constantFrom('INIT', 'PENDING', 'PROCESS', 'PROCESS', 'COPY', 'UNKNOWN', 'SUCCESS', 'FAIL');
const ms = fc.constantFrom(1, 50, 300, 999, 1_000, 1_001, 2_500, 5_000, 12_000, 31_000);
const wallClockStep = fc.constantFrom(-3_600_000, -600_000, -20_000, 20_000, 600_000, 3_600_000);

/** Rule 1: a known state is shown at once. */
async function subscribe(model: UpstreamModel, task: Id, at: number): Promise<void> {
  const known = model.harness(at).registry.watch(task, model.credential).state.snapshot;
  const { watcher } = model.subscribe(task, at);
  await clock.pass(1);
  if (known && model.isKnown(task))
    expect(watcher.events.length, 'the current state at once').toBeGreaterThanOrEqual(1);
}

const steps = [
  fc
    .tuple(id, gateway)
    .map(([task, at]) => new Step(`subscribe ${task} at ${at}`, (model) => subscribe(model, task, at))),
  fc.nat(20).map((index) => new Step(`unsubscribe ${index}`, (model) => model.unsubscribe(index))),
  fc.tuple(id, gateway).map(([task, at]) => {
    return new Step(`query ${task} at ${at}`, (model) => model.query(task, at, (time) => clock.pass(time)));
  }),
  fc.tuple(id, status).map(([task, to]) => new Step(`${task} becomes ${to}`, (model) => model.change(task, to))),
  id.map((task) => {
    return new Step(`${task} becomes SUCCESS without a result`, (model) => {
      model.change(task, 'SUCCESS', { resultUrl: null });
    });
  }),
  mode.map((next) => {
    return new Step(`A2E: ${next}`, (model) => {
      model.mode = next;
    });
  }),
  fc.tuple(fc.constantFrom(...TROUBLES), fc.integer({ min: 1, max: 30 }), gateway).map(([trouble, count, at]) => {
    return new Step(`tenant asks at ${at} for ${count} ids that are ${trouble}`, (model) => {
      model.letTenantAsk(trouble, count, at);
    });
  }),
  wallClockStep.map((by) => new Step(`wall clock steps by ${by} ms`, () => clock.stepWallClock(by))),
  ms.map((time) => new Step(`${time} ms`, () => clock.pass(time))),
  ms.map((time) => new Step(`${time} ms`, () => clock.pass(time))),
  fc.constant(new Step('310,000 ms', () => clock.pass(310_000))),
];

/** Long enough for the end of every back-off, pause, probe and grace. */
async function untilSettled(model: UpstreamModel): Promise<void> {
  model.mode = 'fine';
  model.tenant.leave();
  for (let waited = 0; waited < 110_000 && !model.settled; waited += 500) await clock.pass(500);
  model.check();
  model.checkSettled();
  for (const { watcher } of model.subscribers) watcher.leave();
  await clock.pass(2 * INTERVAL_MS + 20_000);
  const calls = model.source.calls.length;
  await clock.pass(10_000);
  expect(model.source.calls.length, 'calls without a subscriber').toBe(calls);
  expect(clock.timers, 'timers without a subscriber').toBe(0);
}

test.each([1, 2])(
  'the twelve rules of a subscription hold, %s gateway(s)',
  async (gateways) => {
    await using stack = new AsyncDisposableStack();
    const hub = new MemoryHub<WatchState>({ maxTopics: 10_000 });
    const clusters = Array.from({ length: gateways }, () => stack.use(new MemoryCluster({ hub })));
    await fc.assert(
      fc.asyncProperty(
        fc.commands(steps, { maxCommands: 30, size: 'max' }),
        fc.constantFrom(0, 20, 300),
        async (commands, latencyMs) => {
          await using model = new UpstreamModel(clusters, latencyMs);
          await fc.asyncModelRun(() => ({ model: {}, real: model }), commands);
          await untilSettled(model);
        },
      ),
      { numRuns: Math.ceil(Number(MODEL_RUNS) / 2), ...(MODEL_SEED && { seed: Number(MODEL_SEED) }), verbose: 1 },
    );
  },
  3_600_000,
);
