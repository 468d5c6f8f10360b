import type { IncomingMessage } from 'node:http';
import type { ClientIpResolver } from '../http/client-address.ts';
import { KeyedRateLimiter } from './keyed-rate-limiter.ts';
import type { Refusals } from './refusals.ts';

export interface WebhookRateLimiterOptions {
  readonly clientIp: ClientIpResolver;
  readonly refusals: Refusals;
}

/** Calls per second. A2E calls once per task that ends, and 50 tasks of three minutes per second are 9,000 at a time. */
const RIGHT = { perAddress: 50, total: 100 };
const WRONG = { perAddress: 10, total: 100 };

/**
 * The webhook calls per second of one address and of all addresses together. Calls with a wrong token count apart, so that
 * they take no part of A2E's. An address over its own rate takes no part of the total.
 */
export class WebhookRateLimiter {
  readonly #options: WebhookRateLimiterOptions;
  readonly #rates = { right: limitersOf(RIGHT), wrong: limitersOf(WRONG) };

  constructor(options: WebhookRateLimiterOptions) {
    this.#options = options;
  }

  /** Counts one call, and its refusal. false: it is one too many. */
  admits(request: IncomingMessage, token: 'right' | 'wrong'): boolean {
    const { clientIp, refusals } = this.#options;
    const { addresses, total } = this.#rates[token];
    const isWithin = addresses.take(clientIp(request)) && total.take('');
    if (!isWithin) refusals.add('rate_limited');
    else if (token === 'wrong') refusals.add('unauthenticated');
    return isWithin;
  }
}

function limitersOf({ perAddress, total }: typeof RIGHT) {
  return { addresses: new KeyedRateLimiter(perAddress), total: new KeyedRateLimiter(total) };
}
