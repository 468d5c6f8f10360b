import type { Cluster, Versioned } from '../cluster/contract.ts';
import { type GatewayError, TaskNotFound } from '../errors.ts';
import type { CallOutcome, Ticket, Turn } from './lane/call-lane.ts';
import type { CallLanes } from './lane/call-lanes.ts';
import { faultOf } from './poll-fault.ts';
import { type PollPace, PollRhythm } from './poll-pace.ts';
import type { Credential, TaskSource } from './task-source.ts';
import {
  afterHearing,
  afterMiss,
  afterReport,
  isFinal,
  isMissing,
  isNews,
  UNKNOWN_STATE,
  type WatchState,
  withNextCheck,
} from './watch-state.ts';

/** Told whenever the watch has a state that a watcher must hear of. */
export interface WatchObserver {
  changed(state: WatchState): void;
}

/** What all watches of a gateway share. */
export interface WatchContext {
  readonly source: TaskSource;
  readonly cluster: Cluster<WatchState>;
  readonly lanes: CallLanes;
  readonly pace: PollPace;
  /** `POLL_LINGER_MS` */
  readonly lingerMs: number;
  /** The watch has begun, or ceased, to be watched. */
  readonly onActivity: (watch: TaskWatch, active: boolean) => void;
}

/** How long a cluster remembers a state, in ms. */
const REMEMBER_FINISHED_MS = 24 * 3_600_000;
const REMEMBER_UNFINISHED_MS = 15 * 60_000;

/**
 * The one watch of a task through one credential: polls while anybody watches, and shares its state with all of them,
 * with queries and with the other gateways. "Have I a state" is apart from "am I polling": an idle watch keeps its
 * state. A poll is re-armed when the last one has ended, so polls never overlap.
 */
export class TaskWatch implements Turn {
  readonly id: string;
  readonly credential: Credential;
  /** Names this watch here and in the cluster; holds no secret. */
  readonly key: string;
  readonly #context: WatchContext;
  readonly #rhythm: PollRhythm;
  readonly #observers = new Set<WatchObserver>();
  /** Queries that wait for the check under way. */
  #waiters: (() => void)[] = [];
  #state = UNKNOWN_STATE;
  #active = false;
  #running = false;
  #ticket: Ticket | null = null;
  #leave: (() => void) | null = null;
  #linger: NodeJS.Timeout | null = null;

  constructor(id: string, credential: Credential, context: WatchContext) {
    this.id = id;
    this.credential = credential;
    this.key = watchKey(id, credential);
    this.#context = context;
    this.#rhythm = new PollRhythm(context.pace);
  }

  get state(): WatchState {
    return this.#state;
  }

  /** Tells `observer` of every change, and polls if it is the first. Undo with the returned function. */
  observe(observer: WatchObserver): () => void {
    this.#observers.add(observer);
    this.#stopLinger();
    if (!isFinal(this.#state)) this.#activate();
    return () => {
      if (this.#observers.delete(observer) && this.#observers.size === 0) this.#startLinger();
    };
  }

  /**
   * The state now: one that is final or younger than an interval as it is, else after one call that is shared with
   * whoever else waits for it. While calls are held back, what is known.
   */
  async current(): Promise<WatchState> {
    if (this.#settled()) return this.#state;
    if (!this.#leave) await this.#recall();
    if (this.#settled()) return this.#state;
    await new Promise<void>((resolve) => {
      this.#waiters.push(resolve);
      if (!this.#running) this.#arm(-this.#context.pace.intervalMs);
    });
    return this.#state;
  }

  /** Checks at once if anybody watches: somebody hinted that the state has changed. */
  hint(): void {
    if (this.#watched() && !this.#running && !isFinal(this.#state)) this.#arm(0);
  }

  /** Stops for good. */
  dispose(): void {
    this.#observers.clear();
    this.#flush();
    this.#rest();
  }

  async run(): Promise<CallOutcome> {
    this.#ticket = null;
    this.#running = true;
    const { cluster, pace } = this.#context;
    const version = await cluster.claim(this.key, pace.intervalMs, this.#state.version);
    if (version !== null) return this.#poll(version);
    await this.#recall();
    this.#running = false;
    this.#follow(pace.intervalMs);
    return 'skipped';
  }

  blocked(problem: GatewayError, retryAt: number): void {
    this.#become(withNextCheck(afterMiss(this.#state, problem, this.#state.version), retryAt));
  }

  async #poll(version: number): Promise<CallOutcome> {
    const { source, cluster } = this.#context;
    let outcome: CallOutcome = 'answered';
    try {
      const task = await source.read(this.id, this.credential);
      const state = task
        ? afterReport(this.#state, task, version)
        : afterMiss(this.#state, new TaskNotFound(`A2E knows no task ${this.id}`), version);
      this.#conclude(state);
    } catch (error) {
      const fault = faultOf(error, this.credential);
      outcome = fault.outcome;
      this.#conclude(afterMiss(this.#state, fault.problem, version));
    }
    if (this.#state.version === version) {
      const rememberMs = isFinal(this.#state) ? REMEMBER_FINISHED_MS : REMEMBER_UNFINISHED_MS;
      void cluster.publish(this.key, { version, state: this.#state }, rememberMs);
    }
    return outcome;
  }

  /** Takes over the outcome of one's own check, unless something newer was heard meanwhile, and plans the next. */
  #conclude(next: WatchState): void {
    this.#running = false;
    const outdated = isFinal(this.#state) || next.version < this.#state.version;
    const delayMs = this.#waitAfter(next);
    const goesOn = this.#watched() && !isFinal(next) && !isFinal(this.#state);
    if (goesOn) this.#arm(delayMs);
    if (outdated) return this.#flush();
    const planned = goesOn ? { ...next, nextInMs: delayMs } : next;
    this.#become(withNextCheck(planned, goesOn ? Date.now() + delayMs : null));
  }

  /** A claim or a message says that another gateway polls. */
  #follow(otherInMs: number): void {
    if (!this.#wanted() || this.#running || isFinal(this.#state)) return;
    this.#join();
    this.#arm(this.#rhythm.behind(otherInMs));
  }

  #hear({ version, state: heard }: Versioned<WatchState>): void {
    if (version <= this.#state.version || isFinal(this.#state)) return;
    this.#waitAfter(heard);
    if (!heard.problem) this.#context.lanes.for(this.credential).hearAnswer();
    this.#become(afterHearing(this.#state, { ...heard, version }));
    this.#follow(heard.nextInMs ?? this.#context.pace.intervalMs);
  }

  #waitAfter(next: WatchState): number {
    if (isMissing(next)) return this.#rhythm.changed();
    if (next.problem) return this.#rhythm.failed();
    return isNews(this.#state, next) ? this.#rhythm.changed() : this.#rhythm.unchanged();
  }

  #become(next: WatchState): void {
    const news = isNews(this.#state, next);
    this.#state = next;
    if (news) for (const observer of [...this.#observers]) observer.changed(next);
    this.#flush();
    if (isFinal(next) || !this.#wanted()) this.#rest();
  }

  #flush(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  async #recall(): Promise<void> {
    const remembered = await this.#context.cluster.read(this.key);
    if (remembered) this.#hear(remembered);
  }

  #settled(): boolean {
    return isFinal(this.#state) || Date.now() - this.#state.attemptedAt < this.#context.pace.intervalMs;
  }

  #watched(): boolean {
    return this.#observers.size > 0 || this.#linger !== null;
  }

  #wanted(): boolean {
    return this.#watched() || this.#waiters.length > 0;
  }

  #join(): void {
    this.#leave ??= this.#context.cluster.join(this.key, (published) => this.#hear(published));
  }

  #activate(): void {
    if (this.#active) return;
    this.#active = true;
    this.#join();
    this.#context.onActivity(this, true);
    if (this.#settled()) this.#begin();
    else void this.#recall().then(() => this.#begin());
  }

  #begin(): void {
    if (!this.#active || this.#ticket || this.#running) return;
    const { intervalMs } = this.#context.pace;
    const { attemptedAt } = this.#state;
    // A task of which nothing is known goes before those that merely grow old.
    this.#arm(attemptedAt === 0 ? -intervalMs : Math.max(0, attemptedAt + intervalMs - Date.now()));
  }

  #arm(delayMs: number): void {
    this.#ticket?.cancel();
    const dueAt = Date.now() + delayMs;
    this.#ticket = this.#context.lanes.for(this.credential).schedule(this, dueAt, this.#rhythm.failing);
    if (this.#watched()) this.#state = withNextCheck(this.#state, Math.max(dueAt, Date.now()));
  }

  #startLinger(): void {
    if (!this.#active) return;
    this.#linger = setTimeout(() => {
      this.#linger = null;
      if (!this.#wanted()) this.#rest();
    }, this.#context.lingerMs);
  }

  #stopLinger(): void {
    if (this.#linger) clearTimeout(this.#linger);
    this.#linger = null;
  }

  #rest(): void {
    this.#stopLinger();
    this.#ticket?.cancel();
    this.#ticket = null;
    this.#leave?.();
    this.#leave = null;
    this.#state = withNextCheck(this.#state, null);
    if (!this.#active) return;
    this.#active = false;
    this.#context.onActivity(this, false);
  }
}

/** Names the watch of a task through a credential. */
export function watchKey(id: string, credential: Credential): string {
  return `${credential.key}:${id}`;
}
