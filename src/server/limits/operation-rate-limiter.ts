import { RateLimited } from '../../errors.ts';
import type { Caller } from '../access/authenticator.ts';
import { KeyedRateLimiter } from './keyed-rate-limiter.ts';
import type { Refusals } from './refusals.ts';

export interface OperationRateLimiterOptions {
  /** `MAX_OPERATIONS_PER_SECOND`; null: unlimited. */
  readonly perSecond: number | null;
  /** Whether A2E has accepted the caller's token; true for a caller without a token of its own. */
  readonly isVerified: (caller: Caller) => boolean;
  readonly refusals: Refusals;
}

interface Limiters {
  readonly callers: KeyedRateLimiter;
  readonly addresses: KeyedRateLimiter;
}

/** The rate of an address over that of a caller, because one more user may bring a new token from the same address. */
const UNVERIFIED_FACTOR = 2;

/**
 * `MAX_OPERATIONS_PER_SECOND`: the operations of one caller per second, on all its connections to this process. Callers
 * without an identity (`AUTH_MODE=open`) are counted by their address. Operations with a token that A2E has never accepted
 * also count for the address, at twice the rate, because a client can invent a token for each operation. A caller over its
 * own rate takes no part of the address's.
 */
export class OperationRateLimiter {
  readonly #options: OperationRateLimiterOptions;
  readonly #limiters: Limiters | null;

  constructor(options: OperationRateLimiterOptions) {
    const { perSecond } = options;
    this.#options = options;
    this.#limiters = perSecond === null ? null : limitersOf(perSecond);
  }

  /** Counts one operation. Returns null, or the error for one too many. */
  take(caller: Caller, address: string): RateLimited | null {
    if (!this.#limiters || this.#isWithin(this.#limiters, caller, address)) return null;
    this.#options.refusals.add('rate_limited');
    return new RateLimited(`At most ${this.#options.perSecond} operations per second`);
  }

  #isWithin({ callers, addresses }: Limiters, caller: Caller, address: string): boolean {
    if (!callers.take(caller.rateKey ?? `address ${address}`)) return false;
    return this.#options.isVerified(caller) || addresses.take(address);
  }
}

function limitersOf(perSecond: number): Limiters {
  return {
    callers: new KeyedRateLimiter(perSecond),
    addresses: new KeyedRateLimiter(UNVERIFIED_FACTOR * perSecond),
  };
}
