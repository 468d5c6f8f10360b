import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ClientHistory, type ShownState } from '../soak/client-history.ts';
import { type Connection, openConnection } from '../soak/connection.ts';
import { FAULT_RULES } from '../soak/fault-rules.ts';
import { MachineStalls } from '../soak/machine-stalls.ts';
import { CallbackQueue } from '../support/callback-queue.ts';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import type { GatewayProcess } from '../support/gateway-process.ts';
import { StallDetector } from '../support/stall-detector.ts';

const INTERVAL = 500;
const ENV = { POLL_INTERVAL_MS: String(INTERVAL), SHUTDOWN_GRACE_MS: '2000' };
/** Starts a gateway of the version with the next format. */
const next = (of: 'states' | 'keys') => ({
  NODE_OPTIONS: `--import ${new URL(`../support/next-format.mjs?of=${of}`, import.meta.url).href}`,
});
const TASKS = ['one', 'two', 'three'];
/** Ten clients per task: five over each transport. */
const CLIENTS = TASKS.flatMap((id) =>
  (['WebSocket', 'SSE'] as const).flatMap((transport) => Array.from({ length: 5 }, () => ({ id, transport }))),
);
const RUNS_FOR_MS = 120_000;
/** Its progress rises with time, slower than the test runs. */
const RISING = { timeline: [{ status: 'process', progress: [0, 99], forMs: RUNS_FOR_MS }] } as const;
const LOOK_EVERY_MS = 250;
/** A command that a stall delayed has timed out, and is logged, within this, in ms. */
const LOGGED_WITHIN_MS = 5_000;

const UPGRADES = [
  { to: 'the same format', steps: 'no step back', env: {}, formats: 1, callsPerInterval: 1 },
  // Each version polls for its own clients while both run.
  {
    to: 'the next format of the states',
    steps: 'a step back of an interval at most',
    env: next('states'),
    formats: 2,
    callsPerInterval: 2,
  },
  {
    to: 'the next format of the keys',
    steps: 'a step back of an interval at most',
    env: next('keys'),
    formats: 2,
    callsPerInterval: 2,
  },
];

/** A client that connects again whenever its connection is lost, until its subscription has ended. */
class Subscriber implements Disposable {
  readonly states = new CallbackQueue<ShownState>();
  readonly errors: string[] = [];
  readonly wrong: string[] = [];
  readonly ended: Promise<void>;
  readonly #history = new ClientHistory();
  readonly #end = Promise.withResolvers<void>();
  readonly #pick: () => string;
  readonly #client: (typeof CLIENTS)[number];
  #connection: Connection | null = null;
  #isDisposed = false;

  constructor(pick: () => string, client: (typeof CLIENTS)[number]) {
    this.ended = this.#end.promise;
    this.#pick = pick;
    this.#client = client;
    this.#connect();
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#connection?.crash();
  }

  #connect(): void {
    if (this.#isDisposed) return;
    this.#history.connected();
    this.#connection = openConnection(this.#client.transport, this.#pick(), this.#client.id, {
      result: ({ data, errors = [] }) => {
        this.errors.push(...errors.map(({ message }) => message));
        const state = data?.taskStatus;
        const step = state ? this.#history.add(state) : null;
        if (step) this.wrong.push(step);
        if (state) this.states.put(state);
      },
      completed: () => this.#end.resolve(),
      closed: () => void delay(50 + Math.random() * 100).then(() => this.#connect()),
    });
  }
}

/** Measures how long the machine keeps the processes of a fleet from a core. */
class StarvedFleet implements Disposable {
  readonly #looks: { readonly at: number; readonly ms: number }[] = [];
  readonly #stalls = new StallDetector();
  readonly #timer: NodeJS.Timeout;
  readonly #started: readonly GatewayProcess[];

  constructor({ gateways, started, redis }: GatewayFleet) {
    this.#started = started;
    const machine = new MachineStalls(this.#stalls);
    this.#timer = setInterval(() => {
      const ms = machine.look([...gateways.map(({ pid }) => pid), redis.pid ?? 0]);
      if (ms > 0) this.#looks.push({ at: Date.now(), ms });
    }, LOOK_EVERY_MS);
  }

  /** All stalls so far together, in ms. */
  get totalMs(): number {
    return this.#looks.reduce((sum, { ms }) => sum + ms, 0);
  }

  /** Whether a gateway has lost Redis because of a stall: each one then polls for itself. */
  get hasLostRedis(): boolean {
    return this.#started.some(({ log }) => log.some((line) => this.#follows(line, 'Redis hangs')));
  }

  /** Whether a line of the log tells of a Redis or an A2E that a starved process could not reach in time. */
  excuses(line: string): boolean {
    return this.#follows(line, 'the machine stalls');
  }

  /** Whether a line of the log belongs to this fault, and follows a stall. */
  #follows(line: string, fault: 'Redis hangs' | 'the machine stalls'): boolean {
    const { msg, time } = JSON.parse(line) as { readonly msg: string; readonly time: number };
    const isAfterStall = this.#looks.some(({ at }) => at > time - LOGGED_WITHIN_MS && at < time + 2 * LOOK_EVERY_MS);
    return isAfterStall && FAULT_RULES[fault].lines.includes(msg);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#stalls[Symbol.dispose]();
  }
}

/** What stands before the task in the keys of the states in Redis: one for each format. */
async function stateFamilies({ redis }: GatewayFleet): Promise<readonly string[]> {
  const keys = (await redis.run('KEYS', '*:state')) as string[];
  return keys.map((key) => key.slice(0, key.indexOf(':{')));
}

test.concurrent.each(UPGRADES)(
  'a rolling upgrade to $to: $steps, no lost end, the calls of the contract',
  async ({ env, formats, callsPerInterval }) => {
    await using fleet = await GatewayFleet.start({ env: ENV });
    const { simulator } = fleet;
    for (const id of TASKS) simulator.addTask(id, RISING);
    using starved = new StarvedFleet(fleet);
    using stack = new DisposableStack();
    const subscribers = CLIENTS.map((client) => stack.use(new Subscriber(fleet.pick, client)));
    await Promise.all(subscribers.map(({ states }) => states.count(2)));
    simulator.resetCounts();
    const families = new Set<string>();
    for (const [index, old] of [...fleet.gateways].entries()) {
      await fleet.add(env);
      fleet.retire(old);
      old.signal('SIGTERM');
      // The first task ends while its clients are on their way to other gateways.
      if (index === 1) simulator.setTask('one', { status: 'success' });
      expect(await old.exited).toEqual({ code: 0, signal: null });
      const watching = subscribers.filter((_, at) => CLIENTS[at]?.id !== 'one' || index < 1);
      await Promise.all(watching.map(({ states }) => states.count(states.all.length + 1)));
      for (const family of await stateFamilies(fleet)) families.add(family);
    }
    expect(families.size).toBe(formats);
    for (const id of ['two', 'three']) {
      const calls = simulator.callsFor(id);
      const intervals = ((calls.at(-1) ?? 0) - (calls[0] ?? 0)) / INTERVAL;
      expect((calls.length - 1) / intervals).toBeLessThanOrEqual(
        1.5 * (starved.hasLostRedis ? 3 : 1) * callsPerInterval,
      );
      simulator.setTask(id, { status: 'success' });
    }
    await Promise.all(subscribers.map(({ ended }) => ended));
    // Each version polls at times of its own: a client that moves between them is an interval back at most.
    const backMs = INTERVAL + starved.totalMs;
    for (const { states, wrong, errors } of subscribers) {
      expect(errors).toEqual([]);
      if (callsPerInterval === 1 && !starved.hasLostRedis) expect(wrong).toEqual([]);
      expect(
        Math.max(...states.all.map(({ progress }, at) => (states.all[at - 1]?.progress ?? 0) - (progress ?? 100))),
      ).toBeLessThanOrEqual(Math.ceil((99 * backMs) / RUNS_FOR_MS));
      expect(states.all.at(-1)).toMatchObject({ status: 'SUCCESS', finished: true });
    }
    expect(fleet.started).toHaveLength(6);
    for (const { log } of fleet.started) {
      expect(log.filter((line) => JSON.parse(line).level >= 40 && !starved.excuses(line))).toEqual([]);
    }
  },
  120_000,
);
