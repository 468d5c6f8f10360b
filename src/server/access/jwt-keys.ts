import { createHash } from 'node:crypto';
import { decodeProtectedHeader, errors, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import { Unauthenticated } from '../../errors.ts';
import type { KeySet } from './key-set.ts';
import { KEY_SET_ALGORITHMS } from './key-set-algorithms.ts';

/** Checks the signature and the registered claims of a token. */
export type Verifier = (token: string, options: JWTVerifyOptions) => Promise<JWTVerifyResult>;

/** Tokens signed with HS256 by any of the secrets: several while one is being rotated. */
export function secretVerifier(secrets: readonly string[]): Verifier {
  const keys = secrets.map((secret) => new TextEncoder().encode(secret));
  return async (token, options) => {
    let failure: unknown = new Unauthenticated('No secret is configured');
    for (const key of keys) {
      try {
        return await jwtVerify(token, key, { ...options, algorithms: ['HS256'] });
      } catch (error) {
        // jose checks a claim only once the signature fits, so no other secret gives another result.
        if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
        failure = error;
      }
    }
    throw failure;
  };
}

/**
 * Tokens signed by a key of a remote set (see {@link KeySet}). Several keys that fit a token without `kid` are tried in
 * turn. A token that no held key fits is checked again with each newer set, until a set fetched since then lacks its key.
 */
export function keySetVerifier(keySet: KeySet): Verifier {
  return async (token, claimOptions) => {
    const options = { ...claimOptions, algorithms: KEY_SET_ALGORITHMS };
    for (;;) {
      try {
        return await verifyWithHeld(keySet, token, options);
      } catch (error) {
        if (!isWithoutKey(error) || !(await keySet.renewed(keyNameOf(token, error)))) throw error;
      }
    }
  };
}

async function verifyWithHeld(keySet: KeySet, token: string, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, keySet.keyFor, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    return verifyWithAny(error, token, options);
  }
}

/** `candidates` is jose's error that iterates over the keys that fit the header. */
async function verifyWithAny(
  candidates: errors.JWKSMultipleMatchingKeys,
  token: string,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  let failure: unknown = candidates;
  for await (const key of candidates) {
    try {
      return await jwtVerify(token, key, options);
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** No held key fits the token. A key that was rotated in after the last fetch may fit. */
function isWithoutKey(error: unknown): boolean {
  return error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed;
}

/**
 * What identifies the missing key: the `kid` that no held key has. Without one it is the token, so that a forged token does
 * not answer for a valid one. Hashed, because a client chooses the length of both.
 */
function keyNameOf(token: string, error: unknown): string {
  const { kid } = decodeProtectedHeader(token);
  const name = error instanceof errors.JWKSNoMatchingKey && kid !== undefined ? `kid ${kid}` : `token ${token}`;
  return createHash('sha256').update(name).digest('base64url');
}
