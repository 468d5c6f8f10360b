import { SortedTimes } from './sorted-times.ts';

const MIN_SLOT_MS = 5;
const MAX_SLOT_MS = 25;
const SLOTS_PER_INTERVAL = 80;

/** The place of one planned poll. Times are monotonic ms. */
export interface PlannedPoll {
  readonly dueAt: number;
  /** When A2E is called: `dueAt`, or earlier where a peer is to make the call. */
  readonly callAt: number;
  /** The calls per ms that the watch makes. */
  readonly rate: number;
}

/** The expected calls to A2E with one token, in order and in slots of at most 25 ms. Times are monotonic ms. */
export class PlannedPolls {
  readonly slotMs: number;
  /** How many calls each slot has. */
  readonly #slots = new Map<number, number>();
  readonly #times = new SortedTimes();
  #size = 0;
  #rate = 0;

  /** @param intervalMs `POLL_INTERVAL_MS` */
  constructor(intervalMs: number) {
    this.slotMs = Math.min(MAX_SLOT_MS, Math.max(MIN_SLOT_MS, intervalMs / SLOTS_PER_INTERVAL));
  }

  get size(): number {
    return this.#size;
  }

  /** The calls per ms of all planned polls. A watch whose call is under way is not counted, as it calls that much less often. */
  get rate(): number {
    return this.#rate;
  }

  add({ callAt, rate }: PlannedPoll): void {
    this.#changeSlot(callAt, 1);
    this.#times.add(callAt);
    this.#size += 1;
    this.#rate += rate;
  }

  remove({ callAt, rate }: PlannedPoll): void {
    this.#changeSlot(callAt, -1);
    this.#times.remove(callAt);
    this.#size -= 1;
    // Sums of fractions drift, so an empty one starts again.
    this.#rate = this.#size === 0 ? 0 : this.#rate - rate;
  }

  slotOf(at: number): number {
    return Math.floor(at / this.slotMs);
  }

  countIn(slot: number): number {
    return this.#slots.get(slot) ?? 0;
  }

  /** The first call after `at`; infinite when there is none. */
  firstAfter(at: number): number {
    return this.#times.firstAfter(at);
  }

  /** The last call before `at`; infinite when there is none. */
  lastBefore(at: number): number {
    return this.#times.lastBefore(at);
  }

  #changeSlot(at: number, by: number): void {
    const slot = this.slotOf(at);
    const count = this.countIn(slot) + by;
    if (count === 0) this.#slots.delete(slot);
    else this.#slots.set(slot, count);
  }
}
