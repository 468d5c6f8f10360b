import { LRUCache } from 'lru-cache';
import { takeSlots } from '../gcra.ts';

/** Upstream calls reserved ahead: they may be made from `delayMs` ms from now on. */
export interface Reservation {
  readonly delayMs: number;
  readonly calls: number;
}

/**
 * How many calls to reserve at once: 50 ms worth of them, at least one. Reserving each call could not keep up with high
 * rates, because every reservation takes a round trip.
 */
export function reservationSize(ratePerSecond: number): number {
  return Math.max(1, Math.floor(ratePerSecond / 20));
}

/**
 * How far ahead of now the next free slot of a key may lie, in ms: one reservation per gateway, one more for a gateway
 * that is not counted yet, and a margin of 1 s. A slot further ahead comes from a clock that stepped back.
 */
export function maxReservedAheadMs(ratePerSecond: number, gateways: number): number {
  return 1000 + ((gateways + 1) * reservationSize(ratePerSecond) * 1000) / ratePerSecond;
}

/** Evenly spaced slots per key, without tolerance: see {@link takeSlots}. Bounded; forgets the keys longest unused. */
export class SlotReservations {
  readonly #nextFree = new LRUCache<string, number>({ max: 10_000 });

  /** Reserves the key's next free slots. `now` is monotonic, in ms. */
  reserve(key: string, ratePerSecond: number, calls: number, now = performance.now()): Reservation {
    const { start, nextFree } = takeSlots(this.#nextFree.get(key) ?? 0, now, (calls * 1000) / ratePerSecond);
    this.#nextFree.set(key, nextFree);
    return { delayMs: start - now, calls };
  }
}
