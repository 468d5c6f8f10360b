import { type GatewayError, UpstreamUnavailable } from '../errors.ts';
import type { TaskSnapshot } from './task-snapshot.ts';
import type { TaskWatch } from './task-watch.ts';
import { isFinal, isMissing, isRefused, type WatchState } from './watch-state.ts';

/** How patient a subscription is with a task of which nothing can be shown. All in ms. */
export interface Patience {
  /** `FIRST_ANSWER_TIMEOUT_MS`: without any state by then it ends with an error. */
  readonly firstAnswerMs: number;
  /** A task just created may not be readable yet: "no such task" counts only after this. */
  readonly graceMs: number;
}

/** The grace of the contract: three intervals, at least 2 s, at most the first-answer time-out. */
export function patienceFor(intervalMs: number, firstAnswerMs: number): Patience {
  return { firstAnswerMs, graceMs: Math.min(Math.max(3 * intervalMs, 2_000), firstAnswerMs) };
}

/** Where an observer delivers. After `finished` or `failed` nothing follows. */
export interface ObserverSink {
  state(snapshot: TaskSnapshot): void;
  finished(): void;
  failed(error: GatewayError): void;
}

/**
 * One subscription's view of one watch: the current state at once, then every change; ends after SUCCESS or FAIL, or
 * with a definitive error. A fault upstream is none.
 */
export class TaskObserver {
  readonly #watch: TaskWatch;
  readonly #sink: ObserverSink;
  readonly #unobserve: () => void;
  /** What was known when this began to look; null: that is not known yet. */
  #known: { readonly version: number; readonly outdated: boolean } | null = null;
  #graceTimer: NodeJS.Timeout | null = null;
  #answerTimer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(watch: TaskWatch, { firstAnswerMs, graceMs }: Patience, sink: ObserverSink) {
    this.#watch = watch;
    this.#sink = sink;
    this.#unobserve = watch.observe(this);
    if (!watch.state.snapshot || isRefused(watch.state)) {
      this.#graceTimer = setTimeout(() => this.#graceOver(), graceMs);
      this.#answerTimer = setTimeout(() => this.#unanswered(), firstAnswerMs);
    }
    const { catchingUp } = watch;
    if (catchingUp === null) this.#begin();
    else void catchingUp.then(() => this.#begin());
  }

  changed(state: WatchState): void {
    if (this.#ended || !this.#known) return;
    if (isRefused(state) && state.problem) return this.#fail(state.problem);
    if (state.snapshot) {
      this.#stopTimers();
      this.#sink.state(state.snapshot);
      if (isFinal(state) && this.#end()) this.#sink.finished();
    } else if (isMissing(state) && !this.#graceTimer && state.problem) this.#fail(state.problem);
  }

  /** Stops observing. Idempotent. */
  stop(): void {
    this.#end();
  }

  #begin(): void {
    const { state, settled } = this.#watch;
    this.#known = { version: state.version, outdated: !settled };
    // That the token was refused some time ago says nothing: the next check will tell.
    if (settled || !isRefused(state)) this.changed(state);
  }

  /** What was known before says nothing of now: then the check that is under way, or comes next, decides. */
  #graceOver(): void {
    this.#graceTimer = null;
    const { state } = this.#watch;
    if (this.#known && state.version > this.#known.version) this.changed(state);
  }

  #unanswered(): void {
    this.#answerTimer = null;
    const { state } = this.#watch;
    if (state.snapshot && !isRefused(state)) return this.changed(state);
    const old =
      this.#known?.outdated && state.version === this.#known.version && (isMissing(state) || isRefused(state));
    this.#fail((old ? null : state.problem) ?? new UpstreamUnavailable('A2E has not answered in time'));
  }

  #fail(error: GatewayError): void {
    if (this.#end()) this.#sink.failed(error);
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
