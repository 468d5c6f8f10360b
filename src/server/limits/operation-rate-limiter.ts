import { RateLimiterMemory } from 'rate-limiter-flexible';
import { RateLimited } from '../../errors.ts';
import type { Caller } from '../access/authenticator.ts';
import type { Refusals } from './refusals.ts';

export interface OperationRateLimiterOptions {
  /** `MAX_OPERATIONS_PER_SECOND`; null: unlimited. */
  readonly perSecond: number | null;
  /** Whether A2E has accepted the caller's token; true for a caller without a token of its own. */
  readonly isVerified: (caller: Caller) => boolean;
  readonly refusals: Refusals;
}

interface Limiters {
  readonly callers: RateLimiterMemory;
  readonly addresses: RateLimiterMemory;
}

/** The rate of an address over that of a caller, because one more user may bring a new token from the same address. */
const UNVERIFIED_FACTOR = 2;

/**
 * `MAX_OPERATIONS_PER_SECOND`: the operations of one caller per second, on all its connections to this process. Callers
 * without an identity (`AUTH_MODE=open`) are counted by their address. Operations with a token that A2E has never accepted
 * also count for the address, at twice the rate, because a client can invent a token for each operation. A caller over its
 * own rate takes no part of the address's. `rate-limiter-flexible` counts in windows of one second and forgets idle keys;
 * `TokenBucket` would do neither. A timer ends each window too, so a wall clock that is set back does not prolong it; a step
 * forward ends the present windows early, once.
 */
export class OperationRateLimiter {
  readonly #options: OperationRateLimiterOptions;
  readonly #limiters: Limiters | null;

  constructor(options: OperationRateLimiterOptions) {
    const { perSecond } = options;
    this.#options = options;
    this.#limiters = perSecond === null ? null : limitersOf(perSecond);
  }

  /** Counts one operation. Returns null, or the error for one too many; null at once when there is no limit to check. */
  take(caller: Caller, address: string): Promise<RateLimited | null> | null {
    return this.#limiters && this.#consume(this.#limiters, caller, address);
  }

  async #consume({ callers, addresses }: Limiters, caller: Caller, address: string): Promise<RateLimited | null> {
    try {
      await callers.consume(caller.rateKey ?? `address ${address}`);
      if (!this.#options.isVerified(caller)) await addresses.consume(address);
      return null;
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      this.#options.refusals.add('rate_limited');
      return new RateLimited(`At most ${this.#options.perSecond} operations per second`);
    }
  }
}

function limitersOf(perSecond: number): Limiters {
  return {
    callers: new RateLimiterMemory({ points: perSecond, duration: 1 }),
    addresses: new RateLimiterMemory({ points: UNVERIFIED_FACTOR * perSecond, duration: 1 }),
  };
}
