import { takeSlots } from '../gcra.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** The calls of this time may run at once, to catch up after a late timer; in ms. */
const BURST_MS = 50;

/**
 * `perSecond` calls a second, evenly spaced (see {@link takeSlots}), with just enough tolerance that the millisecond
 * grain of timers does not eat into the rate. null: unlimited.
 */
export class LocalRateLimiter implements RateLimiter {
  readonly #spacingMs: number;
  #nextAt = 0;

  constructor(perSecond: number | null) {
    this.#spacingMs = perSecond === null ? 0 : 1000 / perSecond;
  }

  /** The time until a call is within the rate, in ms: 0 means now. */
  delayMs(now: number): number {
    return this.#spacingMs === 0 ? 0 : Math.max(0, this.#nextAt - BURST_MS - now);
  }

  /** Spends one call. */
  consume(now: number): void {
    this.#nextAt = takeSlots(this.#nextAt, now, this.#spacingMs).nextFree;
  }

  refund(): void {
    this.#nextAt -= this.#spacingMs;
  }
}
