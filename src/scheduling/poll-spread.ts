import { type PlannedPoll, PlannedPolls } from './planned-polls.ts';
import { GapPlaces, type PollPlaces, SlotPlaces } from './poll-places.ts';

interface Repeat {
  readonly kind: 'repeat';
  /** The interval of the watch at present, in ms. */
  readonly periodMs: number;
  /** The last poll was the first one since the watch became active. */
  readonly isFirstRepeat: boolean;
}

interface Follow {
  readonly kind: 'follow';
  /** The interval of the watch at present, in ms. */
  readonly periodMs: number;
  /** When the peer polls, in monotonic ms. */
  readonly peerAt: number;
}

/** How the polls of a watch repeat: by this gateway, or by a peer whose polls this gateway follows. */
export type PollRhythm = Repeat | Follow;

/** A poll moves by this part of its interval at most; a first repeat may come this part of an interval after the first answer. */
const TOLERANCE = 0.1;
/** Fewer other polls are no load that is worth a shift. */
const MIN_OTHERS = 3;
/** With fewer calls per slot the gaps between calls are evened: a slot would hold one call or none. */
const MANY_PER_SLOT = 2;
/** Attempts to find a place anywhere in an interval. */
const MAX_ATTEMPTS = 16;
/** Multiples of it, modulo 1, divide the range from 0 to 1 evenly, however many there are. */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/**
 * Spreads the polls of one token evenly over time, however their watchers arrived: any 100 ms hold at most 1.5 times the mean
 * number of calls, rounded up. The mean follows from the intervals of the watches. A poll that is due in a crowded place moves to the
 * nearest place where it fits, by a tenth of its interval at most. In an even load no poll moves, so each watch keeps its
 * interval. The polls of peers that this gateway follows count, so the gateways that watch the same tasks are even together.
 *
 * Shifts of a tenth spread a burst over 0.6 intervals in three intervals, which leaves 1.67 times the mean. So the first
 * repeat of a watch may come earlier: where it is crowded around its due time, it takes a place anywhere between 0.1
 * and 1.1 intervals after the first answer. Then the whole interval is filled evenly before the first interval ends, and
 * A2E receives no more than its later rate. That costs a watch of a burst 0.4 of a call on average, once.
 */
export class PollSpread {
  readonly #planned: PlannedPolls;
  #fraction: number;
  readonly #nextFraction = (): number => {
    this.#fraction = (this.#fraction + GOLDEN_RATIO) % 1;
    return this.#fraction;
  };

  /**
   * @param intervalMs `POLL_INTERVAL_MS`
   * @param random keeps gateways that plan the same burst from the same places
   */
  constructor(intervalMs: number, random: () => number = Math.random) {
    this.#planned = new PlannedPolls(intervalMs);
    this.#fraction = random();
  }

  /** Plans a repeat at `dueAt`, or near it. A poll that follows a peer's stays, and the peer's counts in its place. */
  plan(dueAt: number, rhythm: PollRhythm): PlannedPoll {
    const rate = 1 / rhythm.periodMs;
    const callAt = rhythm.kind === 'follow' ? rhythm.peerAt : this.#place(dueAt, rhythm, this.#planned.rate + rate);
    const poll = { dueAt: rhythm.kind === 'follow' ? dueAt : callAt, callAt, rate };
    this.#planned.add(poll);
    return poll;
  }

  /** The poll has begun, or will not be made. Call it once for each planned poll. */
  remove(poll: PlannedPoll): void {
    this.#planned.remove(poll);
  }

  #place(dueAt: number, { periodMs, isFirstRepeat }: Repeat, rate: number): number {
    if (this.#planned.size < MIN_OTHERS) return dueAt;
    const places = this.#placesAt(rate);
    if (places.isEven(dueAt)) return dueAt;
    const toleranceMs = TOLERANCE * periodMs;
    const nearest = leastCrowded(places, dueAt, places.near(dueAt, toleranceMs));
    if (!isFirstRepeat || places.crowding(nearest) <= 0) return nearest;
    return leastCrowded(places, nearest, this.#anywhere(dueAt + toleranceMs, periodMs));
  }

  #placesAt(rate: number): PollPlaces {
    if (rate * this.#planned.slotMs < MANY_PER_SLOT) return new GapPlaces(this.#planned, rate);
    return new SlotPlaces(this.#planned, rate, this.#nextFraction);
  }

  /** A few places in the interval that ends at `until`. */
  *#anywhere(until: number, periodMs: number): Iterable<number> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) yield until - this.#nextFraction() * periodMs;
  }
}

/** The first candidate where the poll fits; where there is none, the least crowded place, `from` included. */
function leastCrowded(places: PollPlaces, from: number, candidates: Iterable<number>): number {
  let best = from;
  let least = places.crowding(from);
  for (const at of candidates) {
    const crowding = places.crowding(at);
    if (crowding < least) [best, least] = [at, crowding];
    if (crowding <= 0) break;
  }
  return best;
}
