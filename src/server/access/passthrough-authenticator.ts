import type { Authenticator, Caller } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { credentialOf } from './credential.ts';

/**
 * `AUTH_MODE=passthrough`: bearers of an A2E token, which goes upstream. Whether it is good only A2E can tell, so any
 * token is let in, and a state known through one token is never shown through another.
 */
export class PassthroughAuthenticator implements Authenticator {
  async authenticate(authorization: string | undefined): Promise<Caller> {
    const credential = credentialOf(bearerToken(authorization), 'caller');
    const scope = `token ${credential.key}`;
    return { credential, scope, rateKey: scope, canAccess: () => true, expiresAt: null };
  }
}
