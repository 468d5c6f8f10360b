import { setTimeout as delay } from 'node:timers/promises';
import { StallDetector } from '../support/stall-detector.ts';
import { applyFault } from './apply-fault.ts';
import { askQuery } from './ask-query.ts';
import { CallTotal, excessCalls, lateCalls } from './call-rule.ts';
import type { ShownState } from './client-history.ts';
import { openConnection } from './connection.ts';
import { type FaultWindow, FaultWindows } from './fault-windows.ts';
import { INTERVAL_MS, SoakFleet, type SoakGateway } from './fleet.ts';
import { flood } from './floods.ts';
import { LogWatch } from './log-watch.ts';
import { MachineStalls } from './machine-stalls.ts';
import type {
  PlannedClient,
  PlannedEvent,
  PlannedFault,
  PlannedFlood,
  PlannedQuery,
  PlannedTask,
  Round,
} from './plan.ts';
import type { SoakCounts } from './report.ts';
import { checkRest, type RestSample } from './rest-check.ts';
import { SoakClient } from './soak-client.ts';
import { leavesAfterMs, timelineOf } from './task-timeline.ts';
import type { Violations } from './violations.ts';

/** How often the logs and the machine are looked at, in ms. */
const LOOK_EVERY_MS = 250;
/** Every gateway has recovered from a fault within this, in ms: the slowest probe, of a refused token, is 10 s apart. */
const RECOVERED_WITHIN_MS = 30_000;
/** Back to one call per interval within two intervals of a recovery, and one more for the calls under way, in ms. */
const SETTLED_AFTER_MS = 3 * INTERVAL_MS;
/** A client has its end this long after the last event of the round, in ms. */
const ENDED_WITHIN_MS = 40_000;
const LOOK_MS = 100;
const STALL = 'the machine stalls';

/** What a {@link SoakRun} shares with its caller. */
export interface SoakRunOptions {
  readonly violations: Violations;
  /** Since the start of the run, in ms. */
  readonly now: () => number;
  readonly startedAt: number;
  readonly filledTasks: number;
}

/** Runs the rounds of a plan on a fleet, and checks the invariants meanwhile. */
export class SoakRun implements AsyncDisposable {
  readonly counts: SoakCounts = { calls: 0, updates: 0, clients: 0, queries: 0, faults: 0, tasks: 0, excusedMs: 0 };
  readonly rests: (readonly RestSample[])[] = [];
  readonly #fleet: SoakFleet;
  readonly #windows: FaultWindows;
  readonly #logs: LogWatch;
  readonly #options: SoakRunOptions;
  readonly #stalls = new StallDetector();
  readonly #machine: MachineStalls;
  readonly #timer: NodeJS.Timeout;
  readonly #total = new CallTotal();
  readonly #started = new Map<string, { readonly task: PlannedTask; readonly at: number }>();
  #lookedAt = 0;
  #stall: FaultWindow | null = null;
  /** The fault under way: the next one waits for the recovery. */
  #faults: Promise<void> = Promise.resolve();

  private constructor(fleet: SoakFleet, windows: FaultWindows, logs: LogWatch, options: SoakRunOptions) {
    this.#fleet = fleet;
    this.#windows = windows;
    this.#logs = logs;
    this.#options = options;
    this.#machine = new MachineStalls(this.#stalls);
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  static async start(options: SoakRunOptions): Promise<SoakRun> {
    const { violations, filledTasks } = options;
    const windows = new FaultWindows();
    const logs = new LogWatch(windows, violations.add);
    const onStart = (gateway: SoakGateway): void => {
      logs.add(gateway);
      void gateway.process.exited.then(({ code, signal }) => {
        if (!gateway.isEnding) violations.add(`${gateway.name} ended by itself: ${code ?? signal}`);
      });
    };
    const fleet = await SoakFleet.start(onStart);
    const run = new SoakRun(fleet, windows, logs, options);
    await fleet.fill(filledTasks);
    return run;
  }

  /** Runs one round, and rests. */
  async round({ index, events }: Round): Promise<void> {
    const begunAt = performance.now();
    const clients: SoakClient[] = [];
    const underWay = events.map(async (event) => {
      await delay(Math.max(0, begunAt + event.at - performance.now()));
      await this.#act(event, clients);
    });
    await this.#allEnded(Promise.all(underWay), begunAt + (events.at(-1)?.at ?? 0), clients);
    const tasks = events.filter((event) => event.kind === 'task');
    for (const { id } of tasks) this.#checkCalls(id, clients);
    this.rests.push(await checkRest(this.#fleet, this.#stalls, this.#options.violations.add));
    this.#look();
    this.counts.calls += this.#fleet.simulator.totalCalls();
    this.#fleet.simulator.resetCounts();
    for (const { id } of tasks) this.#fleet.simulator.removeTask(id);
    process.stderr.write(
      `round ${index}: ${clients.length} clients, ${this.#options.violations.all.length} violations\n`,
    );
  }

  /** Checks what only the whole run can tell. */
  end(): void {
    const excess = this.#total.excess(INTERVAL_MS);
    if (excess !== null) this.#options.violations.add(excess);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#stalls[Symbol.dispose]();
    await this.#fleet[Symbol.asyncDispose]();
  }

  /** Checks the logs, after noting that the machine was too busy meanwhile. */
  #look(): void {
    const [since, now] = [this.#lookedAt, this.#options.now()];
    this.#lookedAt = now;
    const pids = this.#fleet.gateways.map(({ process }) => process.pid);
    if (this.#machine.look([...pids, this.#fleet.redis.pid ?? 0]) > 0) {
      // Stalls that follow each other are one.
      if (this.#stall === null || this.#stall.to < since) this.#stall = this.#windows.open(STALL, since);
      this.#stall.to = now + SETTLED_AFTER_MS;
    }
    this.counts.excusedMs = this.#windows.coveredMs(STALL, now);
    this.#logs.check(now);
  }

  #act(event: PlannedEvent, clients: SoakClient[]): Promise<void> | void {
    switch (event.kind) {
      case 'task':
        return this.#startTask(event);
      case 'client':
        return this.#watch(event, clients);
      case 'query':
        return this.#query(event);
      case 'flood':
        return this.#flood(event);
      case 'fault':
        this.#faults = this.#faults.then(() => this.#fault(event));
        return this.#faults;
    }
  }

  #startTask(task: PlannedTask): void {
    this.#fleet.simulator.addTask(task.id, { timeline: timelineOf(task) });
    this.#started.set(task.id, { task, at: this.#options.now() });
    this.counts.tasks += 1;
  }

  /** How far a state of a task is behind now, in ms. */
  #behindMs(id: string, state: ShownState): number {
    const started = this.#started.get(id);
    if (!started) return Number.POSITIVE_INFINITY;
    return this.#options.now() - started.at - leavesAfterMs(state, started.task.runsForMs);
  }

  async #watch(planned: PlannedClient, clients: SoakClient[]): Promise<void> {
    const { now, violations } = this.#options;
    const client = new SoakClient(planned, {
      now,
      pick: this.#fleet.pick,
      open: openConnection,
      allowsCode: (code, from) => this.#windows.allowsCode(code, from, now()),
      lag: (state, from) => ({
        behindMs: this.#behindMs(planned.task, state),
        allowedMs: this.#windows.allowedLagMs(from, now(), INTERVAL_MS),
      }),
      violate: violations.add,
      onUpdate: () => {
        this.counts.updates += 1;
      },
    });
    clients.push(client);
    this.counts.clients += 1;
    await client.run();
  }

  async #query({ tasks }: PlannedQuery): Promise<void> {
    if (tasks.length === 0) return;
    const { now, violations } = this.#options;
    const from = now();
    const url = this.#fleet.pick();
    const outcome = await askQuery(url, tasks);
    this.counts.queries += 1;
    if (outcome.kind === 'answered') return;
    const isGone = !this.#fleet.gateways.some(({ process }) => process.url === url);
    const isAllowed =
      outcome.kind === 'error'
        ? this.#windows.allowsCode(outcome.code, from, now())
        : outcome.kind === 'unreachable' && isGone;
    if (!isAllowed) violations.add(`a query for ${tasks.join()} of ${url}: ${JSON.stringify(outcome)}`);
  }

  async #flood({ flood: kind, times }: PlannedFlood): Promise<void> {
    const { simulator } = this.#fleet;
    const wrong = await flood(kind, this.#fleet.next(), times, {
      setTask: (id, msg) => simulator.setTask(id, { status: 'process', msg }),
      removeTask: (id) => simulator.removeTask(id),
      elapsedSince: (from) => this.#stalls.elapsedSince(from),
    });
    if (wrong !== null) this.#options.violations.add(wrong);
  }

  async #fault(planned: PlannedFault): Promise<void> {
    const { now, violations } = this.#options;
    this.counts.faults += 1;
    const window = this.#windows.open(planned.fault, now());
    const wrong = await applyFault(this.#fleet, planned);
    if (wrong) violations.add(wrong);
    const from = performance.now();
    while (!(await this.#fleet.isRecovered())) {
      if (this.#stalls.elapsedSince(from) > RECOVERED_WITHIN_MS) {
        violations.add(`not recovered from "${planned.fault}" after ${RECOVERED_WITHIN_MS} ms`);
        break;
      }
      await delay(LOOK_MS);
    }
    await delay(SETTLED_AFTER_MS);
    window.to = now();
  }

  /** Waits for the end of a round's events, for a bounded time. */
  async #allEnded(underWay: Promise<unknown>, lastAt: number, clients: readonly SoakClient[]): Promise<void> {
    let isOver = false;
    const ended = underWay.then(() => {
      isOver = true;
    });
    while (!isOver && this.#stalls.elapsedSince(lastAt) < ENDED_WITHIN_MS) {
      await Promise.race([ended, delay(LOOK_MS)]);
    }
    for (const client of clients) {
      if (client.endedWith !== null) continue;
      this.#options.violations.add(`no end: ${client.description}`);
      client.stop();
    }
    await ended;
  }

  #checkCalls(id: string, clients: readonly SoakClient[]): void {
    const { startedAt, violations } = this.#options;
    const calls = this.#fleet.simulator.callsFor(id).map((at) => at - performance.timeOrigin - startedAt);
    const spans = clients.filter(({ planned }) => planned.task === id).flatMap(({ watched }) => watched);
    const excess = excessCalls(calls, this.#windows, INTERVAL_MS);
    const late = lateCalls(calls, spans, this.#windows, INTERVAL_MS);
    for (const wrong of [...excess, ...late]) violations.add(`${id}: ${wrong}`);
    this.#total.add(calls, this.#windows);
  }
}
