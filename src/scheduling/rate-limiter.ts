/** The rate limit of one scheduler. Times are monotonic ms. */
export interface RateLimiter {
  /** The time until a call is within the limit, in ms: 0 means now. Ask only when a call is due. */
  delayMs(now: number): number;
  /** Spends one call. */
  consume(now: number): void;
  /** Returns a call that was spent and not made. */
  refund(now: number): void;
}
