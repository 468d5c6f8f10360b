import type { Versioned } from '../cluster/contract.ts';
import { type GatewayError, TaskNotFound, UpstreamError } from '../errors.ts';
import type { CallOutcome, Ticket, Turn } from './lane/turn.ts';
import { faultOf } from './poll-fault.ts';
import { PollRhythm } from './poll-pace.ts';
import type { Credential } from './task-source.ts';
import { Waiters } from './waiters.ts';
import { type WatchContext, type WatchObserver, watchKey } from './watch-context.ts';
import {
  afterHearing,
  afterMiss,
  afterReport,
  holdsMs,
  isFinal,
  isMissing,
  isNews,
  rememberMs,
  UNKNOWN_STATE,
  type WatchState,
  withNextCheck,
  withoutAnswer,
} from './watch-state.ts';

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
  readonly #waiters = new Waiters();
  #state = UNKNOWN_STATE;
  #active = false;
  #catchingUp: Promise<void> | null = null;
  #running = false;
  #hinted = false;
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
    this.#stamp();
    return this.#state;
  }

  /** Until it is known whether another gateway knows more: whoever was shown a newer state there must see none before. */
  get catchingUp(): Promise<void> | null {
    return this.#catchingUp;
  }

  /** Nothing newer is to be had for now: the state is final, or the last check ended less than an interval ago. */
  get settled(): boolean {
    const ageMs = Date.now() - this.#state.attemptedAt;
    return isFinal(this.#state) || (ageMs >= 0 && ageMs < holdsMs(this.#state, this.#context.pace.intervalMs));
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
   * whoever else waits for it. While calls are held back, what is known; and so when nothing came of it within the
   * first-answer time-out, or once `signal` aborts. When nobody is left who waits or watches, the call is not made.
   */
  async current(signal?: AbortSignal): Promise<WatchState> {
    if (this.settled && !this.#state.problem) return this.state;
    // A failure here says nothing of what the other gateways know.
    if (!this.#leave) await this.#recall();
    if (this.settled) return this.state;
    const told = this.#waiters.wait(this.#context.firstAnswerMs, signal);
    if (this.#waiters.size > 0) this.#hasten();
    if (await told) return this.state;
    const known = withoutAnswer(this.state);
    if (!this.#wanted()) this.#rest();
    return known;
  }

  /** Checks at once if anybody watches: somebody hinted that the state has changed. */
  hint(): void {
    if (!this.#watched() || isFinal(this.#state)) return;
    this.#hinted = true;
    this.#hasten();
  }

  /** Stops for good. */
  dispose(): void {
    this.#observers.clear();
    this.#waiters.tell();
    this.#rest();
  }

  async run(): Promise<CallOutcome> {
    const { cluster, pace } = this.#context;
    this.#ticket = null;
    this.#running = true;
    if (this.#watched()) this.#state = withNextCheck(this.#state, Date.now());
    const intervalMs = this.#hinted ? 1 : pace.intervalMs;
    this.#hinted = false;
    const known = this.#state.version;
    const version = await cluster.claim(this.key, intervalMs, known);
    if (version === null || isFinal(this.#state)) return this.#skip(known);
    const { state, outcome } = await this.#check(version);
    this.#conclude(state);
    const told = this.#state;
    if (told.version === version) void cluster.publish(this.key, { version, state: told }, rememberMs(told));
    return outcome;
  }

  blocked(problem: GatewayError): void {
    this.#become(afterMiss(this.#state, problem, this.#state.version), true);
  }

  /** Another gateway has this tick. How it went may have been heard already, when that was no time to plan. */
  async #skip(known: number): Promise<CallOutcome> {
    await this.#recall();
    this.#running = false;
    const { version, nextInMs, problem } = this.#state;
    if (version > known && nextInMs !== null) this.#follow(nextInMs, problem !== null);
    // It was granted before this claim, so an interval from now it is free again if nothing was heard of it.
    else this.#follow(this.#context.pace.intervalMs, true);
    if (this.#hinted) this.hint();
    if (!this.#wanted()) this.#rest();
    return 'skipped';
  }

  async #check(version: number): Promise<{ readonly state: WatchState; readonly outcome: CallOutcome }> {
    const { source, onUnforeseen } = this.#context;
    try {
      const task = await source.read(this.id, this.credential);
      const state = task
        ? afterReport(this.#state, task, version)
        : afterMiss(this.#state, new TaskNotFound(`A2E knows no task ${this.id}`), version);
      return { state, outcome: 'answered' };
    } catch (error) {
      if (!(error instanceof UpstreamError)) onUnforeseen(error);
      const { problem, outcome } = faultOf(error, this.credential, this.#context.pace.intervalMs);
      return { state: afterMiss(this.#state, problem, version), outcome };
    }
  }

  /** Takes over the outcome of one's own check, unless something newer was heard meanwhile, and plans the next. */
  #conclude(next: WatchState): void {
    this.#running = false;
    const outdated = isFinal(this.#state) || next.version < this.#state.version;
    const state = outdated ? this.#state : next;
    const delayMs = this.#waitAfter(next);
    if (this.#watched() && !isFinal(state)) this.#arm(Date.now() + (this.#hinted ? 0 : delayMs));
    const nextInMs = this.#ticket && this.#ticket.expectedAt - Date.now();
    this.#become(outdated ? state : { ...next, nextInMs }, true);
  }

  /** A claim or a message says that another gateway polls. */
  #follow(otherInMs: number, stepIn = false): void {
    if (!this.#wanted() || this.#running || isFinal(this.#state)) return;
    this.#join();
    this.#arm(Date.now() + (stepIn ? this.#rhythm.ahead(otherInMs) : this.#rhythm.behind(otherInMs)));
  }

  /** @param live somebody has just checked, whatever their clock says; else it is what was remembered. */
  #hear({ version, state: told }: Versioned<WatchState>, live = false): void {
    if (version <= this.#state.version || isFinal(this.#state)) return;
    const heard = afterHearing(this.#state, { ...told, version });
    this.#waitAfter(heard);
    if (!heard.problem) this.#context.lanes.for(this.credential).hearAnswer(heard.attemptedAt);
    this.#follow(told.nextInMs ?? this.#context.pace.intervalMs, told.problem !== null);
    this.#become(heard, live);
  }

  #waitAfter(next: WatchState): number {
    if (isMissing(next)) return this.#rhythm.changed();
    if (next.problem) return this.#rhythm.failed();
    return isNews(this.#state, next) ? this.#rhythm.changed() : this.#rhythm.unchanged();
  }

  /** @param checked just now: those who wait have their answer, whatever it is. */
  #become(next: WatchState, checked = false): void {
    const news = isNews(this.#state, next);
    this.#state = next;
    this.#stamp();
    if (news) for (const observer of [...this.#observers]) observer.changed(this.#state);
    if (checked || this.settled) this.#waiters.tell();
    if (isFinal(next) || !this.#wanted()) this.#rest();
  }

  /** Keeps `nextCheckAt` true: only the lane knows when the turn is to come. */
  #stamp(): void {
    const goesOn = this.#watched() && !isFinal(this.#state);
    const planned = this.#ticket?.expectedAt ?? this.#state.snapshot?.nextCheckAt ?? Date.now();
    this.#state = withNextCheck(this.#state, goesOn ? planned : null);
  }

  async #recall(): Promise<void> {
    const remembered = await this.#context.cluster.read(this.key);
    if (remembered) this.#hear(remembered);
  }

  #watched(): boolean {
    return this.#observers.size > 0 || this.#linger !== null;
  }

  #wanted(): boolean {
    return this.#watched() || this.#waiters.size > 0;
  }

  #join(): void {
    this.#leave ??= this.#context.cluster.join(this.key, (published) => this.#hear(published, true));
  }

  #activate(): void {
    if (this.#active) return;
    this.#active = true;
    this.#join();
    this.#context.onActivity(this, true);
    const catchingUp = this.#recall().then(() => {
      if (this.#catchingUp === catchingUp) this.#catchingUp = null;
      this.#begin();
    });
    this.#catchingUp = catchingUp;
  }

  #begin(): void {
    if (!this.#active || this.#running || isFinal(this.#state)) return;
    const { intervalMs } = this.#context.pace;
    const { attemptedAt, nextInMs, problem } = this.#state;
    if (attemptedAt === 0 || this.#waiters.size > 0) return this.#hasten();
    // Whoever told of this state goes first; of one that was remembered for long nobody may be left.
    const spacingMs = nextInMs === null || problem ? intervalMs : this.#rhythm.behind(nextInMs);
    const dueAt = Math.max(Date.now(), attemptedAt + spacingMs);
    if (!this.#ticket || this.#ticket.dueAt > dueAt) this.#arm(dueAt);
  }

  #arm(dueAt: number, urgent = false): void {
    const lane = this.#context.lanes.for(this.credential);
    this.#ticket?.cancel();
    this.#ticket = lane.schedule(this, { dueAt, urgent, afterFailure: this.#rhythm.failing });
  }

  /**
   * Makes the next check an urgent one, and of a watched task a poll that is due, whichever comes first. One that has
   * begun will do.
   */
  #hasten(): void {
    if (this.#running) return;
    const { dueAt: plannedAt = Number.POSITIVE_INFINITY, urgent = false } = this.#ticket ?? {};
    const dueAt = this.#watched() ? Math.min(plannedAt, Date.now()) : Number.POSITIVE_INFINITY;
    if (!urgent || dueAt < plannedAt) this.#arm(dueAt, true);
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
    this.#state = { ...this.#state, nextInMs: null };
    this.#stamp();
    if (!this.#active) return;
    this.#active = false;
    this.#context.onActivity(this, false);
  }
}
