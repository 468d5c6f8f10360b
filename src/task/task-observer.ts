import { type GatewayError, noResponseInTime } from '../errors.ts';
import type { TaskSnapshot } from './task-snapshot.ts';
import type { TaskWatch } from './task-watch.ts';
import type { WatchObserver } from './watch-context.ts';
import { isDenied, isFinal, isNotFound, isUnauthenticated, type WatchState } from './watch-state.ts';

/** The timeouts of a subscription to a task that has no state yet, in ms. */
export interface SubscriptionTimeouts {
  /** `FIRST_ANSWER_TIMEOUT_MS`: without any state by then it ends with an error. */
  readonly firstAnswerMs: number;
  /** A task just created may not be readable yet: "no such task" counts only after this. */
  readonly graceMs: number;
}

/** The grace of the contract: three intervals, at least 2 s, at most the first-answer time-out. */
export function subscriptionTimeouts(intervalMs: number, firstAnswerMs: number): SubscriptionTimeouts {
  return { firstAnswerMs, graceMs: Math.min(Math.max(3 * intervalMs, 2_000), firstAnswerMs) };
}

/** Receives an observer's results. `complete` or `error` is the last call. */
export interface ObserverSink {
  next(snapshot: TaskSnapshot): void;
  complete(): void;
  error(error: GatewayError): void;
}

/**
 * One subscription's view of one watch: the current state at once, then every change. Completes with the final state, or
 * ends with a definitive error. A missed poll is no such error.
 */
export class TaskObserver implements WatchObserver {
  readonly #watch: TaskWatch;
  readonly #sink: ObserverSink;
  readonly #unobserve: () => void;
  /** The state when the observer began; null while the shared state is being read. */
  #initial: { readonly version: number; readonly outdated: boolean } | null = null;
  #graceTimer: NodeJS.Timeout | null = null;
  #answerTimer: NodeJS.Timeout | null = null;
  #ended = false;
  readonly #subscribers: () => number;

  constructor(
    watch: TaskWatch,
    { firstAnswerMs, graceMs }: SubscriptionTimeouts,
    sink: ObserverSink,
    subscribers = () => 1,
  ) {
    this.#subscribers = subscribers;
    this.#watch = watch;
    this.#sink = sink;
    this.#unobserve = watch.observe(this);
    if (!watch.state.snapshot || isUnauthenticated(watch.state)) {
      this.#graceTimer = setTimeout(() => this.#onGraceExpired(), graceMs);
      this.#answerTimer = setTimeout(() => this.#onFirstAnswerTimeout(), firstAnswerMs);
    }
    const { hydrating } = watch;
    if (hydrating === null) this.#begin();
    else void hydrating.then(() => this.#begin());
  }

  get subscribers(): number {
    return this.#subscribers();
  }

  onState(state: WatchState): void {
    if (this.#ended || !this.#initial) return;
    if (isUnauthenticated(state) && state.failure) return this.#fail(state.failure);
    if (state.snapshot) {
      this.#stopTimers();
      this.#sink.next(state.snapshot);
      if (isFinal(state) && this.#end()) this.#sink.complete();
    } else if (isAbsent(state) && !this.#graceTimer && state.failure) this.#fail(state.failure);
  }

  /** Stops observing. Idempotent. */
  stop(): void {
    this.#end();
  }

  #begin(): void {
    const { state, isFresh } = this.#watch;
    this.#initial = { version: state.version, outdated: !isFresh };
    // A refusal that is not fresh is no evidence about now, so the next poll decides.
    if (isFresh || !isUnauthenticated(state)) this.onState(state);
  }

  /** A state from before the subscription is no evidence about now, so the poll under way, or the next one, decides. */
  #onGraceExpired(): void {
    this.#graceTimer = null;
    const { state } = this.#watch;
    if (this.#initial && state.version > this.#initial.version) this.onState(state);
  }

  #onFirstAnswerTimeout(): void {
    this.#answerTimer = null;
    const { state } = this.#watch;
    if (state.snapshot && !isUnauthenticated(state)) return this.onState(state);
    const old =
      this.#initial?.outdated &&
      state.version === this.#initial.version &&
      (isAbsent(state) || isUnauthenticated(state));
    this.#fail((old ? null : state.failure) ?? noResponseInTime());
  }

  #fail(error: GatewayError): void {
    if (this.#end()) this.#sink.error(error);
  }

  #end(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    this.#stopTimers();
    this.#unobserve();
    return true;
  }

  #stopTimers(): void {
    for (const timer of [this.#graceTimer, this.#answerTimer]) if (timer) clearTimeout(timer);
    this.#graceTimer = null;
    this.#answerTimer = null;
  }
}

/** A2E shows no such task to this token. It may be readable later, so this is definitive only after the grace. */
function isAbsent(state: WatchState): boolean {
  return isNotFound(state) || isDenied(state);
}
