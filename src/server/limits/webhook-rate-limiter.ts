import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import type { ClientIpResolver } from '../http/client-address.ts';
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
  async admits(request: IncomingMessage, token: 'right' | 'wrong'): Promise<boolean> {
    const { clientIp, refusals } = this.#options;
    const { addresses, total } = this.#rates[token];
    try {
      await addresses.consume(clientIp(request));
      await total.consume('');
    } catch (refusal) {
      if (refusal instanceof Error) throw refusal;
      refusals.add('rate_limited');
      return false;
    }
    if (token === 'wrong') refusals.add('unauthenticated');
    return true;
  }
}

function limitersOf({ perAddress, total }: typeof RIGHT) {
  return {
    addresses: new RateLimiterMemory({ points: perAddress, duration: 1 }),
    total: new RateLimiterMemory({ points: total, duration: 1 }),
  };
}
