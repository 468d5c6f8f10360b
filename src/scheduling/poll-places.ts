import type { PlannedPolls } from './planned-polls.ts';

/** The room over the mean, so that a poll whose place is nearly even stays in its place. */
const HEADROOM = 1.1;
/** The least gap between two calls, in mean gaps. 100 ms then have at most 1.5 times the mean, in whole calls. */
const LEAST_GAP = 0.7;
/** A poll moves a little further than the least gap, so that a call which a peer has not published yet has room. */
const SPARE_GAP = 0.15;
const MAX_SPARE_MS = 10;
/** Timers have whole milliseconds. */
const GRAIN_MS = 0.5;

/** Tells where a poll fits among the planned ones, at the present rate. */
export interface PollPlaces {
  /** The load around the place is even enough for a poll to stay. */
  isEven(at: number): boolean;
  /** How much too full the place is; 0 or less: a poll may move there. */
  crowding(at: number): number;
  /** Places within `reachMs` of `dueAt` that a poll may move to, nearest first. */
  near(dueAt: number, reachMs: number): Iterable<number>;
}

/** The slots, for calls with a mean distance below a slot's length: each has room for the mean and a tenth. */
export class SlotPlaces implements PollPlaces {
  readonly #planned: PlannedPolls;
  readonly #perSlot: number;
  readonly #nextFraction: () => number;

  /** @param nextFraction returns numbers from 0 to 1 that are evenly distributed */
  constructor(planned: PlannedPolls, rate: number, nextFraction: () => number) {
    this.#planned = planned;
    this.#perSlot = HEADROOM * rate * planned.slotMs;
    this.#nextFraction = nextFraction;
  }

  isEven(at: number): boolean {
    return this.crowding(at) <= 0;
  }

  crowding(at: number): number {
    const slot = this.#planned.slotOf(at);
    // The share of the slot in the room of all slots, so that the rooms of neighbours add up without an error of rounding.
    const room = Math.floor((slot + 1) * this.#perSlot) - Math.floor(slot * this.#perSlot);
    return this.#planned.countIn(slot) + 1 - Math.max(1, room);
  }

  *near(dueAt: number, reachMs: number): Iterable<number> {
    const home = this.#planned.slotOf(dueAt);
    const reach = Math.floor(reachMs / this.#planned.slotMs);
    for (let distance = 1; distance <= reach; distance += 1) {
      yield Math.max(dueAt - reachMs, this.#placeIn(home - distance));
      yield Math.min(dueAt + reachMs, this.#placeIn(home + distance));
    }
  }

  #placeIn(slot: number): number {
    return (slot + this.#nextFraction()) * this.#planned.slotMs;
  }
}

/** The gaps between calls, for calls that are further apart than a slot is long: no two calls are nearer than most of the mean. */
export class GapPlaces implements PollPlaces {
  readonly #planned: PlannedPolls;
  readonly #leastMs: number;
  readonly #goodMs: number;

  constructor(planned: PlannedPolls, rate: number) {
    this.#planned = planned;
    this.#leastMs = LEAST_GAP / rate;
    this.#goodMs = this.#leastMs + Math.min(SPARE_GAP / rate, MAX_SPARE_MS);
  }

  isEven(at: number): boolean {
    return this.#gapAt(at) >= this.#leastMs - GRAIN_MS;
  }

  crowding(at: number): number {
    return this.#goodMs - GRAIN_MS - this.#gapAt(at);
  }

  /** One place for each gap, because no other place in it is better. */
  *near(dueAt: number, reachMs: number): Iterable<number> {
    const [from, until] = [dueAt - reachMs, dueAt + reachMs];
    let after = this.#planned.firstAfter(dueAt);
    let before = this.#planned.lastBefore(after);
    yield Math.min(until, Math.max(from, this.#placeIn(before, after, dueAt)));
    while (before > from || after < until) {
      const [earlier, later] = [before, after];
      if (dueAt - earlier < later - dueAt) {
        before = this.#planned.lastBefore(earlier);
        yield Math.max(from, this.#placeIn(before, earlier, dueAt));
      } else {
        after = this.#planned.firstAfter(later);
        yield Math.min(until, this.#placeIn(later, after, dueAt));
      }
    }
  }

  /** The place nearest to `dueAt` that has a good gap to the calls at `from` and `until`; the middle if none has. */
  #placeIn(from: number, until: number, dueAt: number): number {
    if (until - from < 2 * this.#goodMs) return (from + until) / 2;
    return Math.min(until - this.#goodMs, Math.max(from + this.#goodMs, dueAt));
  }

  /** The time from `at` to the nearest call, in ms; a good gap where it is longer. */
  #gapAt(at: number): number {
    const after = this.#planned.firstAfter(at);
    return Math.min(this.#goodMs, after - at, at - this.#planned.lastBefore(after));
  }
}
