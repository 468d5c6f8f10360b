import { DeadlineHeap, type HeapEntry } from './deadline-heap.ts';

/** A waiting call. `dueAt` null: no poll, so it waits among the urgent calls alone. */
export interface QueuedCall extends HeapEntry {
  readonly urgent: boolean;
}

/** Polls per urgent call while both wait; more when the polls are long overdue. */
const POLLS_PER_URGENT = 1;
/**
 * With demand at twice the rate limit a poll runs every 2 intervals (overdue by 1). Giving urgent calls 1 in 6 from then
 * on bounds that at 2.4 intervals.
 */
const OVERDUE_POLLS_PER_URGENT = 5;

/**
 * Waiting calls: urgent ones first come, first served, and polls by due time. While both wait they alternate, so that a
 * burst of queries cannot starve polling. One call can be both.
 */
export class CallQueue<T extends QueuedCall> {
  readonly #intervalMs: number;
  readonly #polls = new DeadlineHeap<T>();
  readonly #urgent = new Set<T>();
  /** Polls taken since the last urgent call. */
  #polled = 0;

  /** @param intervalMs a poll that is overdue by more is long overdue. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** The time of the first call in monotonic ms: 0 when it is urgent, Infinity when the queue is empty. */
  get dueAt(): number {
    return this.#urgent.size > 0 ? 0 : this.pollDueAt;
  }

  /** The time of the first poll in monotonic ms; Infinity when there is none. */
  get pollDueAt(): number {
    return this.#polls.peek()?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  add(entry: T): void {
    if (entry.urgent) this.#urgent.add(entry);
    if (entry.dueAt !== null) this.#polls.push(entry);
  }

  /** Idempotent. */
  remove(entry: T): void {
    this.#urgent.delete(entry);
    this.#polls.remove(entry);
  }

  /** Removes the next call at `now`; undefined when none is due. */
  take(now: number): T | undefined {
    const [head, urgent] = [this.#polls.peek(), this.#firstUrgent()];
    const poll = head && (head.dueAt ?? 0) <= now ? head : undefined;
    const share = poll && now - (poll.dueAt ?? now) > this.#intervalMs ? OVERDUE_POLLS_PER_URGENT : POLLS_PER_URGENT;
    const entry = poll && (!urgent || this.#polled < share) ? poll : urgent;
    if (!entry) return undefined;
    this.#polled = entry === poll ? this.#polled + 1 : 0;
    this.remove(entry);
    return entry;
  }

  /** All polls, in no order. */
  polls(): Iterable<T> {
    return this.#polls;
  }

  #firstUrgent(): T | undefined {
    return this.#urgent.values().next().value;
  }
}
