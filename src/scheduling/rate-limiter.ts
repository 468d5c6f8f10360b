import type { SharedRateLimiter } from '../cluster/contract.ts';

/** How many calls a lane may make. */
export interface RateLimiter {
  /** How long until a call is within the budget, in ms: 0 means now. Ask only when a call is due. */
  delayMs(now: number): number;
  /** Spends one call. */
  consume(now: number): void;
  /** A call that was spent was not made after all: another may be made in its place. */
  refund(now: number): void;
}

/** While the others are being asked nobody knows how long it takes: whoever waits is told. */
const UNTIL_GRANTED_MS = 60_000;
/** A granted call is good for this long: used later it would come on top of somebody else's. */
const GRANT_MS = 250;

/** The part of a cluster's budget that this gateway gets: asked for one call at a time, when one is due. */
export class ClusterRateLimiter implements RateLimiter {
  readonly #shared: SharedRateLimiter;
  readonly #key: string;
  readonly #perSecond: number;
  readonly #onChange: () => void;
  #grantedUntil = 0;
  #requesting = false;
  #retryAt = 0;

  /** @param onAnswer what {@link delayMs} answers has changed. */
  constructor(shared: SharedRateLimiter, lane: string, perSecond: number, onAnswer: () => void) {
    this.#shared = shared;
    this.#key = lane;
    this.#perSecond = perSecond;
    this.#onChange = onAnswer;
  }

  delayMs(now: number): number {
    if (now < this.#grantedUntil) return 0;
    if (now < this.#retryAt) return this.#retryAt - now;
    if (!this.#requesting) void this.#request();
    return UNTIL_GRANTED_MS;
  }

  consume(): void {
    this.#grantedUntil = 0;
  }

  refund(now: number): void {
    this.#grantedUntil = now + GRANT_MS;
  }

  async #request(): Promise<void> {
    this.#requesting = true;
    const waitMs = await this.#shared.tryConsume(this.#key, this.#perSecond);
    const now = Date.now();
    this.#requesting = false;
    if (waitMs === 0) this.refund(now);
    this.#retryAt = now + waitMs;
    this.#onChange();
  }
}
