import { RateLimiterMemory } from 'rate-limiter-flexible';
import { RateLimited } from '../../errors.ts';
import type { Caller } from '../access/authenticator.ts';

/**
 * `MAX_OPERATIONS_PER_SECOND`: what one caller may start in a second, on all its connections to this process together.
 * Callers that nothing tells apart (`AUTH_MODE=open`) are told apart by their address.
 */
export class OperationRateLimiter {
  readonly #limiter: RateLimiterMemory | null;
  readonly #perSecond: number | null;

  /** @param perSecond null: unlimited. */
  constructor(perSecond: number | null) {
    this.#perSecond = perSecond;
    this.#limiter = perSecond === null ? null : new RateLimiterMemory({ points: perSecond, duration: 1 });
  }

  /** Counts one operation: answers null, or the error for one too many. null at once: there is nothing to wait for. */
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
