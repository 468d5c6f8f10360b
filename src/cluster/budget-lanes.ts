import { LRUCache } from 'lru-cache';
import type { ClusterLogger } from './contract.ts';
import type { Booking } from './gcra.ts';

interface Held {
  calls: number;
  readonly from: number;
  readonly until: number;
}

/** Called when another gateway has paused a lane. */
export type HearPause = (lane: string, forMs: number) => void;

/**
 * One process's view of the shared budget: what it has booked and not used yet, and which lanes are paused. At most one
 * booking per lane is held or under way, so gateways take turns and each upstream call costs one booking at most.
 */
export class BudgetLanes {
  readonly #book: (lane: string, ratePerSecond: number) => Promise<Booking>;
  readonly #logger: ClusterLogger | undefined;
  readonly #held = new LRUCache<string, Held>({ max: 10_000 });
  readonly #booking = new Map<string, Promise<void>>();
  readonly #pauses = new LRUCache<string, number>({ max: 10_000 });
  readonly #listeners = new Set<{ readonly hear: HearPause }>();

  constructor(book: (lane: string, ratePerSecond: number) => Promise<Booking>, logger?: ClusterLogger) {
    this.#book = book;
    this.#logger = logger;
  }

  /** `SharedBudget.takeBudget`. */
  async take(lane: string, ratePerSecond: number): Promise<number> {
    for (;;) {
      const paused = this.pausedFor(lane);
      if (paused > 0) return paused;
      if (!Number.isFinite(ratePerSecond)) return 0;
      const wait = this.#takeHeld(lane);
      if (wait !== null) return wait;
      await this.#bookOnce(lane, ratePerSecond);
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
    this.#held.delete(lane);
    return true;
  }

  /** A pause another gateway began. */
  hearPause(lane: string, forMs: number): void {
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
  onPause(hear: HearPause): () => void {
    const listener = { hear };
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #takeHeld(lane: string): number | null {
    const held = this.#held.get(lane);
    const now = Date.now();
    // What was not used in its time is lost: used late it would come on top of somebody else's slot.
    if (!held || held.calls === 0 || now > held.until) return null;
    if (now < held.from) return Math.ceil(held.from - now);
    held.calls -= 1;
    return 0;
  }

  #bookOnce(lane: string, ratePerSecond: number): Promise<void> {
    const underWay = this.#booking.get(lane);
    if (underWay !== undefined) return underWay;
    const booking = this.#book(lane, ratePerSecond)
      .then(({ waitMs, calls }) => {
        const from = Date.now() + waitMs;
        this.#held.set(lane, { calls, from, until: from + Math.max(250, (calls * 1000) / ratePerSecond) });
      })
      .finally(() => this.#booking.delete(lane));
    this.#booking.set(lane, booking);
    return booking;
  }
}
