import {
  createLocalJWKSet,
  createRemoteJWKSet,
  type ExportedJWKSCache,
  errors,
  type FlattenedJWSInput,
  type JWKSCacheInput,
  type JWSHeaderParameters,
  type JWTVerifyOptions,
  type JWTVerifyResult,
  jwksCache,
  jwtVerify,
} from 'jose';
import { Unauthenticated, UpstreamUnavailable } from '../../errors.ts';

/** Checks the signature and the registered claims of a token. */
export type Verifier = (token: string, options: JWTVerifyOptions) => Promise<JWTVerifyResult>;

/** What a key set may sign with: public-key algorithms alone, so that a public key is never taken for a secret. */
const KEY_SET_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** Keys that cannot be fetched anew are trusted this long after the last time they could, in ms. */
const KEEP_STALE_MS = 3_600_000;

/** Tokens signed with HS256 by any of the secrets: several while one is being rotated. */
export function secretVerifier(secrets: readonly string[]): Verifier {
  const keys = secrets.map((secret) => new TextEncoder().encode(secret));
  return async (token, options) => {
    let failure: unknown = new Unauthenticated('No secret is configured');
    for (const key of keys) {
      try {
        return await jwtVerify(token, key, { ...options, algorithms: ['HS256'] });
      } catch (error) {
        // A claim is only looked at once the signature fits: no other secret will do better.
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

/**
 * Tokens signed by a key of a remote set (RFC 7517). The set is fetched when it is needed, kept for ten minutes, and
 * fetched anew for a key it does not know, at most every 30 s, so that unknown keys cost nobody anything. While it
 * cannot be fetched the last one serves on for an hour; without one the caller is told to try again
 * (`UpstreamUnavailable`), not that the token is bad.
 */
export function keySetVerifier(url: string): Verifier {
  const cache: JWKSCacheInput & Partial<ExportedJWKSCache> = {};
  const remote = createRemoteJWKSet(new URL(url), { [jwksCache]: cache, timeoutDuration: 5_000 });
  const keyFor = async (header: JWSHeaderParameters, token: FlattenedJWSInput) => {
    try {
      return await remote(header, token);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      const { jwks, uat = 0 } = cache;
      const held = Date.now() - uat < KEEP_STALE_MS ? jwks : undefined;
      if (!held) throw new UpstreamUnavailable('The keys that sign tokens cannot be fetched', { cause: error });
      return createLocalJWKSet(held)(header, token);
    }
  };
  return (token, options) => jwtVerify(token, keyFor, { ...options, algorithms: KEY_SET_ALGORITHMS });
}

/** The set was there, but has no (one) key for this token; anything else says that the set could not be had. */
function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
