import { LRUCache } from 'lru-cache';
import type { ClusterLogger } from './contract.ts';
import type { Reservation } from './gcra.ts';

interface HeldReservation {
  calls: number;
  readonly from: number;
  readonly until: number;
}

/** Called when another gateway has paused a lane. */
export type PauseListener = (lane: string, forMs: number) => void;

/**
 * One process's view of the shared budget: what it has booked and not used yet, and which lanes are paused. At most one
 * booking per lane is held or under way, so gateways take turns and each upstream call costs one booking at most.
 */
export class RateLimiterClient {
  readonly #reserve: (lane: string, ratePerSecond: number) => Promise<Reservation>;
  readonly #logger: ClusterLogger | undefined;
  readonly #reservations = new LRUCache<string, HeldReservation>({ max: 10_000 });
  readonly #pending = new Map<string, Promise<void>>();
  readonly #pauses = new LRUCache<string, number>({ max: 10_000 });
  readonly #listeners = new Set<{ readonly hear: PauseListener }>();

  constructor(book: (lane: string, ratePerSecond: number) => Promise<Reservation>, logger?: ClusterLogger) {
    this.#reserve = book;
    this.#logger = logger;
  }

  /** `SharedBudget.takeBudget`. */
  async tryConsume(lane: string, ratePerSecond: number): Promise<number> {
    for (;;) {
      const paused = this.pausedFor(lane);
      if (paused > 0) return paused;
      if (!Number.isFinite(ratePerSecond)) return 0;
      const wait = this.#consumeReserved(lane);
      if (wait !== null) return wait;
      await this.#reserveOnce(lane, ratePerSecond);
    }
  }

  /** `SharedBudget.pausedFor`. */
  pausedFor(lane: string): number {
    return Math.max(0, Math.ceil((this.#pauses.get(lane) ?? 0) - Date.now()));
  }

  /** Every pause still in force, with what is left of it in ms. */
  get pauses(): [lane: string, leftMs: number][] {
    return [...this.#pauses.keys()]
      .map((lane): [string, number] => [lane, this.pausedFor(lane)])
      .filter(([, left]) => left > 0);
  }

  /** Pauses the lane in this process; false when a pause at least as long is in force. */
  pause(lane: string, forMs: number): boolean {
    if (!(forMs > this.pausedFor(lane))) return false;
    this.#pauses.set(lane, Date.now() + forMs);
    this.#reservations.delete(lane);
    return true;
  }

  /** A pause another gateway began. */
  onPeerPause(lane: string, forMs: number): void {
    if (!this.pause(lane, forMs)) return;
    for (const { hear } of [...this.#listeners]) {
      try {
        hear(lane, forMs);
      } catch (error) {
        this.#logger?.error({ err: error }, 'a pause listener threw');
      }
    }
  }

  /** `SharedBudget.onPause`. */
  onPause(hear: PauseListener): () => void {
    const listener = { hear };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #consumeReserved(lane: string): number | null {
    const held = this.#reservations.get(lane);
    const now = Date.now();
    // What was not used in its time is lost: used late it would come on top of somebody else's slot.
    if (!held || held.calls === 0 || now > held.until) return null;
    if (now < held.from) return Math.ceil(held.from - now);
    held.calls -= 1;
    return 0;
  }

  #reserveOnce(lane: string, ratePerSecond: number): Promise<void> {
    const underWay = this.#pending.get(lane);
    if (underWay !== undefined) return underWay;
    const booking = this.#reserve(lane, ratePerSecond)
      .then(({ delayMs, calls }) => {
        const from = Date.now() + delayMs;
        this.#reservations.set(lane, { calls, from, until: from + Math.max(250, (calls * 1000) / ratePerSecond) });
      })
      .finally(() => this.#pending.delete(lane));
    this.#pending.set(lane, booking);
    return booking;
  }
}
