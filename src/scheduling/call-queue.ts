import { DeadlineHeap, type HeapEntry } from './deadline-heap.ts';

/** A turn that waits. `dueAt` Infinity: never due as a poll, so it waits with the urgent ones alone. */
export interface QueuedCall extends HeapEntry {
  readonly urgent: boolean;
}

/** When urgent turns and due polls both wait, so many polls go for every urgent turn; more when they are long overdue. */
const POLLS_PER_URGENT = 1;
/**
 * At twice the budget polls come every two intervals, of which they are overdue for one. When urgent turns take no
 * more than a sixth from there on, that is 2.4 intervals.
 */
const OVERDUE_POLLS_PER_URGENT = 5;

/**
 * The turns of a lane: urgent ones, first come, first served, and polls, longest overdue first. While both wait they
 * share the lane, so that whoever asks for much takes no watched task its pace. A turn may be both.
 */
export class CallQueue<T extends QueuedCall> {
  readonly #intervalMs: number;
  readonly #polls = new DeadlineHeap<T>();
  readonly #urgent = new Set<T>();
  /** Polls taken since the last urgent turn. */
  #polled = 0;

  /** @param intervalMs a poll that is overdue by more is long overdue. */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get empty(): boolean {
    return this.#urgent.size === 0 && this.#polls.size === 0;
  }

  /** When the first turn is due, in ms since the epoch: 0 when it is urgent, Infinity when there is none. */
  get dueAt(): number {
    return this.#urgent.size > 0 ? 0 : (this.#polls.peek()?.dueAt ?? Number.POSITIVE_INFINITY);
  }

  add(entry: T): void {
    if (entry.urgent) this.#urgent.add(entry);
    if (Number.isFinite(entry.dueAt)) this.#polls.push(entry);
  }

  /** Idempotent. */
  remove(entry: T): void {
    this.#urgent.delete(entry);
    this.#polls.remove(entry);
  }

  /** The first one, due or not. */
  peek(): T | undefined {
    return this.#firstUrgent() ?? this.#polls.peek();
  }

  /** Takes out the one whose turn it is at `now`; undefined: none is due. */
  take(now: number): T | undefined {
    const [head, urgent] = [this.#polls.peek(), this.#firstUrgent()];
    const poll = head && head.dueAt <= now ? head : undefined;
    const share = poll && now - poll.dueAt > this.#intervalMs ? OVERDUE_POLLS_PER_URGENT : POLLS_PER_URGENT;
    const entry = poll && (!urgent || this.#polled < share) ? poll : urgent;
    if (!entry) return undefined;
    this.#polled = entry === poll ? this.#polled + 1 : 0;
    this.remove(entry);
    return entry;
  }

  /** All that are due as polls at some time, in no order. */
  polls(): Iterable<T> {
    return this.#polls;
  }

  #firstUrgent(): T | undefined {
    return this.#urgent.values().next().value;
  }
}
