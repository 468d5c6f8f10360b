import type { Authenticator, Caller } from './authenticator.ts';
import { credentialOf } from './credential.ts';

/** `AUTH_MODE=open`: accepts every client that reaches the port. Their calls use the gateway's own token. */
export class OpenAuthenticator implements Authenticator {
  readonly #caller: Caller;

  constructor(gatewayToken: string) {
    this.#caller = {
      credential: credentialOf(gatewayToken, 'gateway'),
      scope: 'open',
      rateKey: null,
      canAccess: () => true,
      expiresAt: null,
    };
  }

  authenticate(): Promise<Caller> {
    return Promise.resolve(this.#caller);
  }
}
