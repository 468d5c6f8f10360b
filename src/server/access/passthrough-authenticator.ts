import type { Authenticator, Caller } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { credentialOf } from './credential.ts';

/**
 * `AUTH_MODE=passthrough`: bearers of an A2E token, which goes upstream. Only A2E can check the token, so the gateway
 * accepts every well-formed one, and never shows a state read with one token to the bearer of another.
 */
export class PassthroughAuthenticator implements Authenticator {
  async authenticate(authorization: string | undefined): Promise<Caller> {
    const credential = credentialOf(bearerToken(authorization), 'caller');
    const scope = `token ${credential.key}`;
    return { credential, scope, rateKey: scope, canAccess: () => true, expiresAt: null };
  }
}
