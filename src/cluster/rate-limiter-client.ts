import { LRUCache } from 'lru-cache';
import type { ClusterLogger } from './contract.ts';
import type { Reservation } from './slot-reservations.ts';

/** Instants on the monotonic clock, in ms. */
interface HeldReservation {
  calls: number;
  readonly from: number;
  readonly until: number;
}

/** Called when another gateway has paused a key. */
export type PauseListener = (key: string, forMs: number) => void;

/** No pause is longer, in ms: five minutes, the longest that a `Retry-After` of A2E is honoured. */
export const MAX_PAUSE_MS = 300_000;

/**
 * One process's view of the shared rate limiter: its unused reservations, and the paused keys. At most one reservation
 * per key is held or under way, so gateways alternate and each upstream call costs one reservation at most.
 */
export class RateLimiterClient {
  readonly #reserve: (key: string, ratePerSecond: number) => Promise<Reservation>;
  readonly #logger: ClusterLogger | undefined;
  readonly #reservations = new LRUCache<string, HeldReservation>({ max: 10_000 });
  readonly #pending = new Map<string, Promise<void>>();
  readonly #pauses = new LRUCache<string, number>({ max: 10_000 });
  readonly #listeners = new Set<{ readonly listener: PauseListener }>();

  constructor(reserve: (key: string, ratePerSecond: number) => Promise<Reservation>, logger?: ClusterLogger) {
    this.#reserve = reserve;
    this.#logger = logger;
  }

  /** `SharedRateLimiter.tryConsume`. */
  async tryConsume(key: string, ratePerSecond: number): Promise<number> {
    for (;;) {
      const paused = this.pausedFor(key);
      if (paused > 0) return paused;
      if (!Number.isFinite(ratePerSecond)) return 0;
      const wait = this.#consumeReserved(key);
      if (wait !== null) return wait;
      await this.#reserveOnce(key, ratePerSecond);
    }
  }

  /** `SharedRateLimiter.pausedFor`. */
  pausedFor(key: string): number {
    return Math.max(0, Math.ceil((this.#pauses.get(key) ?? 0) - performance.now()));
  }

  /** Every pause still in force, with the ms left. */
  get pauses(): [key: string, leftMs: number][] {
    return [...this.#pauses.keys()]
      .map((key): [string, number] => [key, this.pausedFor(key)])
      .filter(([, left]) => left > 0);
  }

  /** Pauses the key in this process, for {@link MAX_PAUSE_MS} at most; false when a pause at least as long is in force. */
  pause(key: string, forMs: number): boolean {
    const boundedMs = Math.min(forMs, MAX_PAUSE_MS);
    if (!(boundedMs > this.pausedFor(key))) return false;
    this.#pauses.set(key, performance.now() + boundedMs);
    this.#reservations.delete(key);
    return true;
  }

  /** A pause that another gateway began. */
  onPeerPause(key: string, forMs: number): void {
    if (!this.pause(key, forMs)) return;
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(key, Math.min(forMs, MAX_PAUSE_MS));
      } catch (error) {
        this.#logger?.error({ err: error }, 'a pause listener threw');
      }
    }
  }

  /** `SharedRateLimiter.onPause`. */
  onPause(listener: PauseListener): () => void {
    // An object of its own per call: the same function may be given twice, and both count.
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  #consumeReserved(key: string): number | null {
    const held = this.#reservations.get(key);
    const now = performance.now();
    // An unused reservation lapses: used late, it would come on top of another gateway's slot.
    if (!held || held.calls === 0 || now > held.until) return null;
    if (now < held.from) return Math.ceil(held.from - now);
    held.calls -= 1;
    return 0;
  }

  #reserveOnce(key: string, ratePerSecond: number): Promise<void> {
    const underWay = this.#pending.get(key);
    if (underWay !== undefined) return underWay;
    const reserving = this.#reserve(key, ratePerSecond)
      .then(({ delayMs, calls }) => {
        const from = performance.now() + delayMs;
        this.#reservations.set(key, { calls, from, until: from + Math.max(250, (calls * 1000) / ratePerSecond) });
      })
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, reserving);
    return reserving;
  }
}
