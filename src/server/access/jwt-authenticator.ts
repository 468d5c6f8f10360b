import { createHash } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyOptions } from 'jose';
import { Unauthenticated } from '../../errors.ts';
import type { Authenticator, Caller } from './authenticator.ts';
import { bearerToken } from './bearer-token.ts';
import { credentialOf } from './credential.ts';
import { expired } from './expiry.ts';
import { keySetVerifier, secretVerifier, type Verifier } from './jwt-keys.ts';
import type { KeySet } from './key-set.ts';

export interface JwtAuthenticatorOptions {
  /** `A2E_API_TOKEN`: goes upstream for every authenticated caller. */
  readonly gatewayToken: string;
  /** `AUTH_JWT_SECRET` */
  readonly secrets: readonly string[];
  /** The keys of `AUTH_JWKS_URL`; null: there are none. */
  readonly keySet: KeySet | null;
  /** `AUTH_JWT_ISSUER` */
  readonly issuer: string | null;
  /** `AUTH_JWT_AUDIENCE` */
  readonly audience: string | null;
}

/** The greatest difference between the clocks of the issuer and of the gateway, in s. */
const CLOCK_TOLERANCE_S = 2;

/** The tasks that a token covers: all, or the listed ids. */
type Tasks = '*' | ReadonlySet<string>;

/**
 * `AUTH_MODE=jwt`: bearers of a valid JSON Web Token (RFC 7519). HS256 is checked with the secrets, every other
 * algorithm with the key set. Without secrets no HS256 token is accepted, and without a key set no other token. Issuer
 * and audience must match where they are configured; `exp` and `nbf` have 2 s of tolerance. The `tasks` claim lists the
 * ids the token covers, or is `"*"`; a token without it is refused, and so is a token with any other value in it.
 */
export class JwtAuthenticator implements Authenticator {
  readonly #credential: Caller['credential'];
  readonly #options: JWTVerifyOptions;
  readonly #secrets: Verifier;
  readonly #keySet: Verifier | null;

  constructor({ gatewayToken, secrets, keySet, issuer, audience }: JwtAuthenticatorOptions) {
    this.#credential = credentialOf(gatewayToken, 'gateway');
    this.#options = {
      clockTolerance: CLOCK_TOLERANCE_S,
      ...(issuer === null ? {} : { issuer }),
      ...(audience === null ? {} : { audience }),
    };
    this.#secrets = secretVerifier(secrets);
    this.#keySet = keySet === null ? null : keySetVerifier(keySet);
  }

  async authenticate(authorization: string | undefined): Promise<Caller> {
    const token = bearerToken(authorization);
    const claims = await this.#verify(token);
    const tasks = tasksOf(claims);
    return {
      credential: this.#credential,
      scope: tasks === '*' ? 'jwt *' : `jwt ${JSON.stringify([...tasks])}`,
      rateKey: `jwt ${claims.sub === undefined ? digest(token) : digest(JSON.stringify([claims.iss, claims.sub]))}`,
      canAccess: (id) => tasks === '*' || tasks.has(id),
      expiresAt: claims.exp === undefined ? null : (claims.exp + CLOCK_TOLERANCE_S) * 1000,
    };
  }

  async #verify(token: string): Promise<JWTPayload> {
    const verify = algorithmOf(token) === 'HS256' ? this.#secrets : this.#keySet;
    if (!verify) throw new Unauthenticated('The token is signed in a way that is not accepted here');
    try {
      return (await verify(token, this.#options)).payload;
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired();
      if (error instanceof errors.JOSEError) throw new Unauthenticated('The token is not valid');
      throw error;
    }
  }
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg;
  } catch {
    throw new Unauthenticated('The token is no JSON Web Token');
  }
}

/** Sorted, so that equal tickets have equal scopes. */
function tasksOf({ tasks }: JWTPayload): Tasks {
  if (tasks === '*') return '*';
  if (!Array.isArray(tasks) || !tasks.every((id) => typeof id === 'string'))
    throw new Unauthenticated('The token has no usable "tasks" claim: a list of task ids, or "*"');
  return new Set(tasks.toSorted());
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
