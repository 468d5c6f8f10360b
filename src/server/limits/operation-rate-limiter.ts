import { RateLimiterMemory } from 'rate-limiter-flexible';
import { RateLimited } from '../../errors.ts';
import type { Caller } from '../access/authenticator.ts';

/**
 * `MAX_OPERATIONS_PER_SECOND`: the operations of one caller per second, on all its connections to this process.
 * Callers without an identity (`AUTH_MODE=open`) are counted by their address. `rate-limiter-flexible` counts in windows
 * of one second and forgets idle keys; `TokenBucket` would do neither.
 */
export class OperationRateLimiter {
  readonly #limiter: RateLimiterMemory | null;
  readonly #perSecond: number | null;

  /** @param perSecond null: unlimited. */
  constructor(perSecond: number | null) {
    this.#perSecond = perSecond;
    this.#limiter = perSecond === null ? null : new RateLimiterMemory({ points: perSecond, duration: 1 });
  }

  /** Counts one operation. Returns null, or the error for one too many; null at once when there is no limit to check. */
  take(caller: Caller, address: string): Promise<RateLimited | null> | null {
    return this.#limiter && this.#consume(this.#limiter, caller.rateKey ?? `address ${address}`);
  }

  async #consume(limiter: RateLimiterMemory, key: string): Promise<RateLimited | null> {
    try {
      await limiter.consume(key);
      return null;
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      return new RateLimited(`At most ${this.#perSecond} operations per second`);
    }
  }
}
