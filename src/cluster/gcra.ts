import { LRUCache } from 'lru-cache';

/** Upstream calls booked ahead: they may be made from `waitMs` ms from now on. */
export interface Reservation {
  readonly delayMs: number;
  readonly calls: number;
}

/**
 * How many calls to book at once: 50 ms worth of them, at least one. Booking one by one could not keep up with high
 * rates, since every booking takes a round trip.
 */
export function reservationSize(ratePerSecond: number): number {
  return Math.max(1, Math.floor(ratePerSecond / 20));
}

/**
 * Evenly spaced slots per lane: the generic cell rate algorithm without tolerance, as in
 * https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm. Bounded; forgets the lanes longest unused.
 */
export class Gcra {
  readonly #nextFree = new LRUCache<string, number>({ max: 10_000 });

  /** Books the lane's next free slots. */
  reserve(lane: string, ratePerSecond: number, calls: number, now = Date.now()): Reservation {
    const start = Math.max(now, this.#nextFree.get(lane) ?? 0);
    this.#nextFree.set(lane, start + (calls * 1000) / ratePerSecond);
    return { delayMs: start - now, calls };
  }
}
