import { CallQueue, type QueuedCall } from './call-queue.ts';

/** A queued call with its side of the bulkhead. */
export interface BulkheadCall extends QueuedCall {
  /** A2E has answered for the task, and its last poll succeeded. */
  readonly isTrusted: boolean;
}

/** A side of the bulkhead. */
export type Side = 'trusted' | 'untrusted';

/** The orders of the sides, as constants, because each call of the scheduler asks for one. */
const NONE: readonly Side[] = [];
const TRUSTED: readonly Side[] = ['trusted'];
const UNTRUSTED: readonly Side[] = ['untrusted'];
const TRUSTED_FIRST: readonly Side[] = ['trusted', 'untrusted'];
const UNTRUSTED_FIRST: readonly Side[] = ['untrusted', 'trusted'];

/** At most so many trusted calls per untrusted call, so that new tasks keep a sixth of the rate. */
const MAX_TRUSTED_PER_UNTRUSTED = 5;

/**
 * The waiting calls of one scheduler on two sides of a bulkhead. While both are due, untrusted calls (new or failing tasks)
 * get a part of the rate that delays no trusted poll by more than an interval. With trusted demand at k times the rate,
 * trusted polls are overdue by k - 1 intervals, and an untrusted call after every k trusted ones stretches that by one.
 * Queries of untrusted tasks are unbounded in number, so they get a sixth once a trusted poll is overdue by an interval.
 */
export class BulkheadQueue<T extends BulkheadCall> {
  readonly #intervalMs: number;
  readonly #trusted: CallQueue<T>;
  readonly #untrusted: CallQueue<T>;
  #trustedInARow = 0;

  /** @param intervalMs `POLL_INTERVAL_MS` */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#trusted = new CallQueue(intervalMs);
    this.#untrusted = new CallQueue(intervalMs);
  }

  /** The time of the first call of a side; Infinity when the side is empty. */
  dueAt(side: Side): number {
    return (side === 'trusted' ? this.#trusted : this.#untrusted).dueAt;
  }

  add(call: T): void {
    this.#sideOf(call).add(call);
  }

  /** Idempotent. */
  remove(call: T): void {
    this.#sideOf(call).remove(call);
  }

  /** The sides that have a due call, in the order in which they may run now. */
  dueSides(now: number): readonly Side[] {
    const isTrustedDue = this.#trusted.dueAt <= now;
    if (this.#untrusted.dueAt > now) return isTrustedDue ? TRUSTED : NONE;
    if (!isTrustedDue) return UNTRUSTED;
    return this.#trustedInARow >= this.#trustedPerUntrusted(now) ? UNTRUSTED_FIRST : TRUSTED_FIRST;
  }

  /** Removes the next due call of a side; undefined when none is due. */
  take(side: Side, now: number): T | undefined {
    const call = (side === 'trusted' ? this.#trusted : this.#untrusted).take(now);
    if (call) this.#trustedInARow = side === 'trusted' ? this.#trustedInARow + 1 : 0;
    return call;
  }

  /** Removes the next due call of either side. */
  takeAny(now: number): T | undefined {
    return this.#trusted.take(now) ?? this.#untrusted.take(now);
  }

  /** All polls, in no order. */
  *polls(): Generator<T> {
    yield* this.#trusted.polls();
    yield* this.#untrusted.polls();
  }

  #trustedPerUntrusted(now: number): number {
    const overdueIntervals = (now - this.#trusted.pollDueAt) / this.#intervalMs;
    const isQueriesAlone = this.#untrusted.pollDueAt > now;
    if (isQueriesAlone && overdueIntervals > 1) return MAX_TRUSTED_PER_UNTRUSTED;
    return Math.min(MAX_TRUSTED_PER_UNTRUSTED, Math.max(1, Math.ceil(overdueIntervals)));
  }

  #sideOf(call: T): CallQueue<T> {
    return call.isTrusted ? this.#trusted : this.#untrusted;
  }
}
