export interface TokenBucketOptions {
  /** The burst: tokens that may be consumed at once. */
  readonly burst: number;
  /** Tokens per second in the long run. */
  readonly perSecond: number;
}

/** How much one peer may do: so much at once, and so much per second in the long run. */
export class TokenBucket {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at = performance.now();

  constructor({ burst, perSecond }: TokenBucketOptions) {
    this.#burst = burst;
    this.#left = burst;
    this.#perMs = perSecond / 1_000;
  }

  /** Takes `amount`, whether it is there or not; how long it will be overdrawn, in ms: 0 if it is not. */
  consume(amount: number): number {
    const now = performance.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs) - amount;
    this.#at = now;
    return Math.max(0, -this.#left / this.#perMs);
  }
}
