/** How a watch repeats its polls. */
export interface PollRhythm {
  /** The interval of the watch at present, in ms. */
  readonly periodMs: number;
  /** The last poll was the first one since the watch became active. */
  readonly isFirstRepeat: boolean;
}

/** The place of one planned poll. Times are monotonic ms. */
export interface PlannedPoll {
  readonly dueAt: number;
  /** The place in time, in slots since the origin of the clock. */
  readonly slot: number;
  /** The calls per ms that the watch makes. */
  readonly rate: number;
}

/** A poll moves by this part of its interval at most; a first repeat may come this part of an interval after the first answer. */
const TOLERANCE = 0.1;
/** The room over the mean, so that a poll whose place is nearly even stays in its place. */
const HEADROOM = 1.1;
/** Fewer polls are no load that is worth a shift. */
const FEW_POLLS = 16;
const MIN_SLOT_MS = 5;
const MAX_SLOT_MS = 25;
const SLOTS_PER_INTERVAL = 80;
/** Attempts to find a slot with room anywhere in an interval. */
const MAX_ATTEMPTS = 16;
/** Multiples of it, modulo 1, divide the range from 0 to 1 evenly, however many there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/**
 * Spreads the polls of one token evenly over time, however their watchers arrived. Counts the planned polls per slot of at
 * most 25 ms. A slot has room for the mean and a tenth; the mean follows from the intervals of the watches. A poll that is
 * due in a full slot moves to the nearest slot with room, by a tenth of its interval at most. In an even load no poll moves,
 * so each watch keeps its interval.
 *
 * Shifts of a tenth spread a burst over 0.6 intervals in three intervals, which leaves 1.67 times the mean. So the first
 * repeat of a watch may come earlier: where the slots around its due time are full, it takes a place anywhere between 0.1
 * and 1.1 intervals after the first answer. Then the whole interval is filled evenly before the first interval ends, and
 * A2E receives no more than its later rate. That costs a watch of a burst 0.4 of a call on average, once.
 */
export class PollSpread {
  readonly #slotMs: number;
  readonly #slots = new Map<number, number>();
  #polls = 0;
  /** The calls per ms of all planned polls. A watch whose call is under way is not counted, as it calls that much less often. */
  #rate = 0;
  #sequence = 0;

  /** @param intervalMs `POLL_INTERVAL_MS` */
  constructor(intervalMs: number) {
    this.#slotMs = Math.min(MAX_SLOT_MS, Math.max(MIN_SLOT_MS, intervalMs / SLOTS_PER_INTERVAL));
  }

  /** Plans a poll at `dueAt`, or near it. */
  plan(dueAt: number, rhythm: PollRhythm): PlannedPoll {
    const rate = 1 / rhythm.periodMs;
    this.#polls += 1;
    this.#rate += rate;
    const at = this.#place(dueAt, rhythm);
    const slot = this.#slotOf(at);
    this.#slots.set(slot, this.#countIn(slot) + 1);
    return { dueAt: at, slot, rate };
  }

  /** The poll has begun, or will not be made. Call it once for each planned poll. */
  remove({ slot, rate }: PlannedPoll): void {
    this.#polls -= 1;
    // Sums of fractions drift, so an empty one starts again.
    this.#rate = this.#polls === 0 ? 0 : this.#rate - rate;
    const left = this.#countIn(slot) - 1;
    if (left > 0) this.#slots.set(slot, left);
    else this.#slots.delete(slot);
  }

  #place(dueAt: number, { periodMs, isFirstRepeat }: PollRhythm): number {
    if (this.#polls <= FEW_POLLS || this.#excessIn(this.#slotOf(dueAt)) < 0) return dueAt;
    const toleranceMs = TOLERANCE * periodMs;
    const nearest = this.#nearest(dueAt, toleranceMs);
    if (nearest.excess < 0 || !isFirstRepeat) return nearest.at;
    return this.#anywhere(dueAt + toleranceMs, periodMs) ?? nearest.at;
  }

  /**
   * The polls in a slot beyond its room; negative: it has room. The room is the share of the slot in the room of all slots,
   * so that the rooms of neighbours add up without an error of rounding.
   */
  #excessIn(slot: number): number {
    const perSlot = HEADROOM * this.#rate * this.#slotMs;
    const room = Math.floor((slot + 1) * perSlot) - Math.floor(slot * perSlot);
    return this.#countIn(slot) - Math.max(1, room);
  }

  /** The nearest slot with room; where there is none, the emptiest one. An earlier slot goes before an equally near later one. */
  #nearest(dueAt: number, toleranceMs: number): { readonly at: number; readonly excess: number } {
    const home = this.#slotOf(dueAt);
    const reach = Math.floor(toleranceMs / this.#slotMs);
    let best = home;
    let least = this.#excessIn(home);
    for (let step = 1; step <= 2 * reach && least >= 0; step += 1) {
      const distance = (step + 1) >> 1;
      const slot = home + (step % 2 === 1 ? -distance : distance);
      const excess = this.#excessIn(slot);
      if (excess < least) [best, least] = [slot, excess];
    }
    const at = best === home ? dueAt : (best + this.#nextFraction()) * this.#slotMs;
    return { at: Math.min(dueAt + toleranceMs, Math.max(dueAt - toleranceMs, at)), excess: least };
  }

  /** A place with room in the interval that ends at `until`; null when a few attempts find none. */
  #anywhere(until: number, periodMs: number): number | null {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      const at = until - this.#nextFraction() * periodMs;
      if (this.#excessIn(this.#slotOf(at)) < 0) return at;
    }
    return null;
  }

  #nextFraction(): number {
    this.#sequence += 1;
    return (this.#sequence * GOLDEN_RATIO) % 1;
  }

  #slotOf(at: number): number {
    return Math.floor(at / this.#slotMs);
  }

  #countIn(slot: number): number {
    return this.#slots.get(slot) ?? 0;
  }
}
