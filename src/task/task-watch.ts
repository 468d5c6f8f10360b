import type { Versioned } from '../cluster/contract.ts';
import { type GatewayError, TaskNotFound, UpstreamError } from '../errors.ts';
import type { CallOutcome, Job, ScheduledJob } from '../scheduling/job.ts';
import type { Credential } from './credential.ts';
import { classifyPollError } from './poll-failure.ts';
import { PollIntervalPolicy } from './poll-interval-policy.ts';
import { Waitlist } from './waitlist.ts';
import { type WatchContext, type WatchObserver, watchKey } from './watch-context.ts';
import {
  freshForMs,
  hasChanged,
  isFinal,
  isNotFound,
  mergePeerState,
  onFailure,
  onQueryTimeout,
  onSuccess,
  ttlMs,
  UNKNOWN_STATE,
  type WatchState,
  withNextCheck,
} from './watch-state.ts';

/**
 * The one watch of a task through one credential: polls while anybody watches, and shares its state with all of them,
 * with queries and with the other gateways. "Have I a state" is apart from "am I polling": an idle watch keeps its
 * state. A poll is re-armed when the last one has ended, so polls never overlap.
 */
export class TaskWatch implements Job {
  readonly id: string;
  readonly credential: Credential;
  /** Names this watch here and in the cluster; holds no secret. */
  readonly key: string;
  readonly #context: WatchContext;
  readonly #intervals: PollIntervalPolicy;
  readonly #observers = new Set<WatchObserver>();
  /** Queries that wait for the check under way. */
  readonly #queries = new Waitlist();
  #state = UNKNOWN_STATE;
  #active = false;
  #hydrating: Promise<void> | null = null;
  #running = false;
  #invalidated = false;
  #scheduled: ScheduledJob | null = null;
  #unsubscribe: (() => void) | null = null;
  #linger: NodeJS.Timeout | null = null;

  constructor(id: string, credential: Credential, context: WatchContext) {
    this.id = id;
    this.credential = credential;
    this.key = watchKey(id, credential);
    this.#context = context;
    this.#intervals = new PollIntervalPolicy(context.intervals);
  }

  get state(): WatchState {
    this.#refreshNextCheck();
    return this.#state;
  }

  /** Until it is known whether another gateway knows more: whoever was shown a newer state there must see none before. */
  get hydrating(): Promise<void> | null {
    return this.#hydrating;
  }

  /** Nothing newer is to be had for now: the state is final, or the last check ended less than an interval ago. */
  get isFresh(): boolean {
    const ageMs = Date.now() - this.#state.attemptedAt;
    return isFinal(this.#state) || (ageMs >= 0 && ageMs < freshForMs(this.#state, this.#context.intervals.intervalMs));
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
    if (this.isFresh && !this.#state.failure) return this.state;
    // A failure here says nothing of what the other gateways know.
    if (!this.#unsubscribe) await this.#loadSharedState();
    if (this.isFresh) return this.state;
    const told = this.#queries.wait(this.#context.firstAnswerMs, signal);
    if (this.#queries.size > 0) this.#expedite();
    if (await told) return this.state;
    const known = onQueryTimeout(this.state);
    if (!this.#isNeeded()) this.#deactivate();
    return known;
  }

  /** Checks at once if anybody watches: somebody hinted that the state has changed. */
  invalidate(): void {
    if (!this.#isWatched() || isFinal(this.#state)) return;
    this.#invalidated = true;
    this.#expedite();
  }

  /** Stops for good. */
  dispose(): void {
    this.#observers.clear();
    this.#queries.notifyAll();
    this.#deactivate();
  }

  async run(): Promise<CallOutcome> {
    const { cluster, intervals } = this.#context;
    this.#scheduled = null;
    this.#running = true;
    if (this.#isWatched()) this.#state = withNextCheck(this.#state, Date.now());
    const intervalMs = this.#invalidated ? 1 : intervals.intervalMs;
    this.#invalidated = false;
    const known = this.#state.version;
    const version = await cluster.claim(this.key, intervalMs, known);
    if (version === null || isFinal(this.#state)) return this.#onClaimLost(known);
    const { state, outcome } = await this.#poll(version);
    this.#applyResult(state);
    const told = this.#state;
    if (told.version === version) void cluster.publish(this.key, { version, state: told }, ttlMs(told));
    return outcome;
  }

  onBlocked(problem: GatewayError): void {
    this.#setState(onFailure(this.#state, problem, this.#state.version), true);
  }

  /** Another gateway has this tick. How it went may have been heard already, when that was no time to plan. */
  async #onClaimLost(known: number): Promise<CallOutcome> {
    await this.#loadSharedState();
    this.#running = false;
    const { version, nextPollInMs, failure } = this.#state;
    if (version > known && nextPollInMs !== null) this.#rescheduleAfterPeer(nextPollInMs, failure !== null);
    // It was granted before this claim, so an interval from now it is free again if nothing was heard of it.
    else this.#rescheduleAfterPeer(this.#context.intervals.intervalMs, true);
    if (this.#invalidated) this.invalidate();
    if (!this.#isNeeded()) this.#deactivate();
    return 'skipped';
  }

  async #poll(version: number): Promise<{ readonly state: WatchState; readonly outcome: CallOutcome }> {
    const { source, onUnexpectedError } = this.#context;
    try {
      const task = await source.read(this.id, this.credential);
      const state = task
        ? onSuccess(this.#state, task, version)
        : onFailure(this.#state, new TaskNotFound(`A2E knows no task ${this.id}`), version);
      return { state, outcome: 'answered' };
    } catch (error) {
      if (!(error instanceof UpstreamError)) onUnexpectedError(error);
      const { failure, outcome } = classifyPollError(error, this.credential, this.#context.intervals.intervalMs);
      return { state: onFailure(this.#state, failure, version), outcome };
    }
  }

  /** Takes over the outcome of one's own check, unless something newer was heard meanwhile, and plans the next. */
  #applyResult(next: WatchState): void {
    this.#running = false;
    const outdated = isFinal(this.#state) || next.version < this.#state.version;
    const state = outdated ? this.#state : next;
    const delayMs = this.#nextDelay(next);
    if (this.#isWatched() && !isFinal(state)) this.#schedule(Date.now() + (this.#invalidated ? 0 : delayMs));
    const nextPollInMs = this.#scheduled && this.#scheduled.expectedAt - Date.now();
    this.#setState(outdated ? state : { ...next, nextPollInMs }, true);
  }

  /** A claim or a message says that another gateway polls. */
  #rescheduleAfterPeer(otherInMs: number, stepIn = false): void {
    if (!this.#isNeeded() || this.#running || isFinal(this.#state)) return;
    this.#subscribe();
    this.#schedule(
      Date.now() + (stepIn ? this.#intervals.takeoverDelay(otherInMs) : this.#intervals.followerDelay(otherInMs)),
    );
  }

  /** @param live somebody has just checked, whatever their clock says; else it is what was remembered. */
  #onPeerState({ version, state: told }: Versioned<WatchState>, live = false): void {
    if (version <= this.#state.version || isFinal(this.#state)) return;
    const heard = mergePeerState(this.#state, { ...told, version });
    this.#nextDelay(heard);
    if (!heard.failure) this.#context.schedulers.for(this.credential).onPeerSuccess(heard.attemptedAt);
    this.#rescheduleAfterPeer(told.nextPollInMs ?? this.#context.intervals.intervalMs, told.failure !== null);
    this.#setState(heard, live);
  }

  #nextDelay(next: WatchState): number {
    if (isNotFound(next)) return this.#intervals.onChanged();
    if (next.failure) return this.#intervals.onFailed();
    return hasChanged(this.#state, next) ? this.#intervals.onChanged() : this.#intervals.onUnchanged();
  }

  /** @param checked just now: those who wait have their answer, whatever it is. */
  #setState(next: WatchState, checked = false): void {
    const news = hasChanged(this.#state, next);
    this.#state = next;
    this.#refreshNextCheck();
    if (news) for (const observer of [...this.#observers]) observer.onState(this.#state);
    if (checked || this.isFresh) this.#queries.notifyAll();
    if (isFinal(next) || !this.#isNeeded()) this.#deactivate();
  }

  /** Keeps `nextCheckAt` true: only the lane knows when the turn is to come. */
  #refreshNextCheck(): void {
    const goesOn = this.#isWatched() && !isFinal(this.#state);
    const planned = this.#scheduled?.expectedAt ?? this.#state.snapshot?.nextCheckAt ?? Date.now();
    this.#state = withNextCheck(this.#state, goesOn ? planned : null);
  }

  async #loadSharedState(): Promise<void> {
    const remembered = await this.#context.cluster.read(this.key);
    if (remembered) this.#onPeerState(remembered);
  }

  #isWatched(): boolean {
    return this.#observers.size > 0 || this.#linger !== null;
  }

  #isNeeded(): boolean {
    return this.#isWatched() || this.#queries.size > 0;
  }

  #subscribe(): void {
    this.#unsubscribe ??= this.#context.cluster.subscribe(this.key, (published) => this.#onPeerState(published, true));
  }

  #activate(): void {
    if (this.#active) return;
    this.#active = true;
    this.#subscribe();
    this.#context.onActiveChange(this, true);
    const catchingUp = this.#loadSharedState().then(() => {
      if (this.#hydrating === catchingUp) this.#hydrating = null;
      this.#schedulePoll();
    });
    this.#hydrating = catchingUp;
  }

  #schedulePoll(): void {
    if (!this.#active || this.#running || isFinal(this.#state)) return;
    const { intervalMs } = this.#context.intervals;
    const { attemptedAt, nextPollInMs, failure } = this.#state;
    if (attemptedAt === 0 || this.#queries.size > 0) return this.#expedite();
    // Whoever told of this state goes first; of one that was remembered for long nobody may be left.
    const spacingMs = nextPollInMs === null || failure ? intervalMs : this.#intervals.followerDelay(nextPollInMs);
    const dueAt = Math.max(Date.now(), attemptedAt + spacingMs);
    if (!this.#scheduled || this.#scheduled.dueAt > dueAt) this.#schedule(dueAt);
  }

  #schedule(dueAt: number, urgent = false): void {
    const lane = this.#context.schedulers.for(this.credential);
    this.#scheduled?.cancel();
    this.#scheduled = lane.schedule(this, { dueAt, urgent, afterFailure: this.#intervals.failing });
  }

  /**
   * Makes the next check an urgent one, and of a watched task a poll that is due, whichever comes first. One that has
   * begun will do.
   */
  #expedite(): void {
    if (this.#running) return;
    const { dueAt: plannedAt = Number.POSITIVE_INFINITY, urgent = false } = this.#scheduled ?? {};
    const dueAt = this.#isWatched() ? Math.min(plannedAt, Date.now()) : Number.POSITIVE_INFINITY;
    if (!urgent || dueAt < plannedAt) this.#schedule(dueAt, true);
  }

  #startLinger(): void {
    if (!this.#active) return;
    this.#linger = setTimeout(() => {
      this.#linger = null;
      if (!this.#isNeeded()) this.#deactivate();
    }, this.#context.lingerMs);
  }

  #stopLinger(): void {
    if (this.#linger) clearTimeout(this.#linger);
    this.#linger = null;
  }

  #deactivate(): void {
    this.#stopLinger();
    this.#scheduled?.cancel();
    this.#scheduled = null;
    this.#unsubscribe?.();
    this.#unsubscribe = null;
    this.#state = { ...this.#state, nextPollInMs: null };
    this.#refreshNextCheck();
    if (!this.#active) return;
    this.#active = false;
    this.#context.onActiveChange(this, false);
  }
}
