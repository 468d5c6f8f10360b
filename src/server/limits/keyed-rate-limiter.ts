import { takeSlots } from '../../gcra.ts';

/** One second: the burst is what a second allows, and a key that was idle for a second is forgotten. */
const SECOND_MS = 1_000;
/** The sum of many spacings differs from a second by less than this, in ms. */
const ROUNDING_MS = 0.000_1;

/**
 * A rate per key on the monotonic clock (see {@link takeSlots}): `perSecond` events at once, and `perSecond` a second in the
 * long run. What is refused takes nothing. The memory of idle keys is freed when another event comes.
 * `rate-limiter-flexible` ends its windows by the wall clock, which steps.
 */
export class KeyedRateLimiter {
  readonly #spacingMs: number;
  /** Until when each key has taken slots, on the monotonic clock. */
  readonly #nextFree = new Map<string, number>();
  #sweptAt = performance.now();

  constructor(perSecond: number) {
    this.#spacingMs = SECOND_MS / perSecond;
  }

  /** The number of keys in memory. */
  get size(): number {
    return this.#nextFree.size;
  }

  /** Counts one event of a key. false: it is one too many, and was not counted. */
  take(key: string): boolean {
    const now = performance.now();
    this.#sweep(now);
    const { nextFree } = takeSlots(this.#nextFree.get(key) ?? now, now, this.#spacingMs);
    if (nextFree - now > SECOND_MS + ROUNDING_MS) return false;
    this.#nextFree.set(key, nextFree);
    return true;
  }

  /** Forgets the idle keys, at most once a second: each event pays for one key. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < SECOND_MS) return;
    this.#sweptAt = now;
    for (const [key, nextFree] of this.#nextFree) if (nextFree <= now) this.#nextFree.delete(key);
  }
}
