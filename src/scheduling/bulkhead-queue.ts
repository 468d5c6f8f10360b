import { CallQueue, type QueuedCall } from './call-queue.ts';

/** A queued call with its side of the bulkhead. */
export interface BulkheadCall extends QueuedCall {
  /** A2E has answered for the task, and its last poll succeeded. */
  readonly isTrusted: boolean;
}

/** Trusted calls per untrusted call while both are due. */
const TRUSTED_PER_UNTRUSTED = 1;
/** The same once a trusted poll is overdue by an interval and the untrusted calls are queries alone. */
const OVERDUE_TRUSTED_PER_QUERY = 5;

/**
 * The waiting calls of one scheduler on two sides of a bulkhead. While both are due they alternate, so
 * that untrusted calls (new or failing tasks) neither starve nor delay a proven task by more than an interval. Queries of
 * untrusted tasks are unbounded in number, so they get one call in six once a trusted poll is overdue by an interval.
 */
export class BulkheadQueue<T extends BulkheadCall> {
  readonly #intervalMs: number;
  readonly #trusted: CallQueue<T>;
  readonly #untrusted: CallQueue<T>;
  #trustedInARow = 0;

  /** @param intervalMs a poll that is overdue by more is long overdue */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
    this.#trusted = new CallQueue(intervalMs);
    this.#untrusted = new CallQueue(intervalMs);
  }

  /** The time of the first call of each side; Infinity when a side is empty. */
  get dueTimes(): { readonly trusted: number; readonly untrusted: number } {
    return { trusted: this.#trusted.dueAt, untrusted: this.#untrusted.dueAt };
  }

  add(call: T): void {
    this.#sideOf(call).add(call);
  }

  /** Idempotent. */
  remove(call: T): void {
    this.#sideOf(call).remove(call);
  }

  /** The sides that have a due call, in the order in which they may run now. */
  dueSides(now: number): readonly ('trusted' | 'untrusted')[] {
    const due = this.dueTimes;
    const sides = (['trusted', 'untrusted'] as const).filter((side) => due[side] <= now);
    const isOverdue = now - this.#trusted.pollDueAt > this.#intervalMs && this.#untrusted.pollDueAt > now;
    const share = isOverdue ? OVERDUE_TRUSTED_PER_QUERY : TRUSTED_PER_UNTRUSTED;
    return this.#trustedInARow >= share ? sides.toReversed() : sides;
  }

  /** Removes the next due call of a side; undefined when none is due. */
  take(side: 'trusted' | 'untrusted', now: number): T | undefined {
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

  #sideOf(call: T): CallQueue<T> {
    return call.isTrusted ? this.#trusted : this.#untrusted;
  }
}
