import type { SharedRateLimiter } from '../cluster/contract.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** The delay reported while a grant is requested from the cluster; `onChange` wakes the scheduler earlier. */
const UNTIL_GRANTED_MS = 60_000;
/** A granted call is good for this long, because a later one would come on top of another gateway's call; in ms. */
const GRANT_MS = 250;

/** This gateway's part of a rate limit that the cluster shares: requests one call at a time, when a call is due. */
export class ClusterRateLimiter implements RateLimiter {
  readonly #shared: SharedRateLimiter;
  readonly #key: string;
  readonly #perSecond: number;
  readonly #onChange: () => void;
  #grantedUntil = 0;
  #requesting = false;
  #retryAt = 0;

  /** @param onChange is called when the result of {@link delayMs} has changed */
  constructor(shared: SharedRateLimiter, key: string, perSecond: number, onChange: () => void) {
    this.#shared = shared;
    this.#key = key;
    this.#perSecond = perSecond;
    this.#onChange = onChange;
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
    const delayMs = await this.#shared.tryConsume(this.#key, this.#perSecond);
    const now = performance.now();
    this.#requesting = false;
    if (delayMs === 0) this.refund(now);
    this.#retryAt = now + delayMs;
    this.#onChange();
  }
}
