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
    const { slotMs } = this.#planned;
    const home = this.#planned.slotOf(dueAt);
    const reach = Math.floor(reachMs / slotMs);
    for (let distance = 1; distance <= reach; distance += 1)
      for (const slot of [home - distance, home + distance]) {
        const at = (slot + this.#nextFraction()) * slotMs;
        yield Math.min(dueAt + reachMs, Math.max(dueAt - reachMs, at));
      }
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

  near(dueAt: number, reachMs: number): Iterable<number> {
    const [from, until] = [dueAt - reachMs, dueAt + reachMs];
    const calls = this.#planned.between(from - this.#goodMs, until + this.#goodMs).toSorted((a, b) => a - b);
    const places = calls.flatMap((call, index) => {
      const middle = (call + (calls[index + 1] ?? call)) / 2;
      return [call - this.#goodMs, call + this.#goodMs, middle];
    });
    const within = [...places.filter((at) => at >= from && at <= until), from, until];
    return within.sort((a, b) => Math.abs(a - dueAt) - Math.abs(b - dueAt));
  }

  /** The time from `at` to the nearest call, in ms; a good gap where it is longer. */
  #gapAt(at: number): number {
    let gap = this.#goodMs;
    for (const call of this.#planned.between(at - gap, at + gap)) gap = Math.min(gap, Math.abs(call - at));
    return gap;
  }
}
