import { TaskNotFound, UpstreamError } from '../errors.ts';
import type { CallOutcome } from '../scheduling/job.ts';
import type { Credential } from './credential.ts';
import { classifyPollError } from './poll-failure.ts';
import type { TickRequest } from './poll-schedule.ts';
import type { PollTrace } from './poll-trace.ts';
import type { WatchContext } from './watch-context.ts';
import { onFailure, onSuccess, ttlMs, type WatchState } from './watch-state.ts';

/** The result of a poll: the next state, and the outcome for the scheduler. */
export interface PollResult {
  readonly state: WatchState;
  readonly outcome: CallOutcome;
}

/** The interval of a claim that another gateway's last poll does not hold back, in ms. */
const CLAIM_AT_ONCE_MS = 1;

/** The three steps of a poll of one task: claim the tick, read from A2E, publish the state. Polls never overlap. */
export class PollCycle {
  readonly #id: string;
  readonly #topic: string;
  readonly #credential: Credential;
  readonly #context: WatchContext;
  /** Of the poll under way; null: it is not traced. */
  #trace: PollTrace | null = null;

  constructor(id: string, topic: string, credential: Credential, context: WatchContext) {
    this.#id = id;
    this.#topic = topic;
    this.#credential = credential;
    this.#context = context;
  }

  /** The version of this tick, or null when another gateway polls it. */
  async claim(tick: TickRequest, known: number): Promise<number | null> {
    const { counts, tracer } = this.#context;
    this.#trace = tracer?.begin(this.#id, this.#topic) ?? null;
    const claim = () => this.#claim(tick, known);
    const version = await (this.#trace?.step('claim', claim) ?? claim());
    counts.claims.add(version === null ? 'lost' : 'won');
    return version;
  }

  /**
   * Calls A2E once. Never rejects.
   *
   * @param before returns the state at the end of the call, because a peer may publish meanwhile
   */
  async read(before: () => WatchState, version: number): Promise<PollResult> {
    const { source, upstreamName, onUnexpectedError, schedulers, intervals } = this.#context;
    try {
      const call = () => source.read(this.#id, this.#credential);
      const task = await (this.#trace?.call(call) ?? call());
      const state = task
        ? onSuccess(before(), task, version, intervals)
        : onFailure(before(), new TaskNotFound(`${upstreamName} knows no task ${this.#id}`), version, intervals);
      return { state, outcome: { kind: 'answered' } };
    } catch (error) {
      if (!(error instanceof UpstreamError)) onUnexpectedError(error);
      const { owner } = this.#credential;
      const { isTokenAccepted } = schedulers.for(this.#credential);
      const { intervalMs } = intervals;
      const { failure, outcome } = classifyPollError(error, { owner, isTokenAccepted, intervalMs, upstreamName });
      return { state: onFailure(before(), failure, version, intervals), outcome };
    }
  }

  /** Publishes the state to the other gateways and stores it for its TTL. */
  publish(version: number, state: WatchState): void {
    const publish = () => this.#context.cluster.publish(this.#topic, { version, state }, ttlMs(state));
    void (this.#trace?.step('publish', publish) ?? publish());
  }

  /** The poll that {@link claim} began has ended. */
  end(outcome: CallOutcome): CallOutcome {
    this.#trace?.end(outcome);
    this.#trace = null;
    return outcome;
  }

  /**
   * Every gateway that watches the task has the hint, and one of them follows it per interval: the hinted polls of a task
   * have ticks of their own.
   */
  async #claim({ intervalMs, isHinted }: TickRequest, known: number): Promise<number | null> {
    const { cluster } = this.#context;
    if (!isHinted) return cluster.claim(this.#topic, intervalMs, known);
    const hinted = await cluster.claim(`${this.#topic}:hint`, intervalMs, 0);
    return hinted === null ? null : cluster.claim(this.#topic, CLAIM_AT_ONCE_MS, known);
  }
}
