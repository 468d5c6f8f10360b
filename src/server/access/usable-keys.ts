import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet, type JWK } from 'jose';
import { isJsonObject } from '../../json-object.ts';
import { KEY_SET_ALGORITHMS } from './key-set-algorithms.ts';
import { KeySetFailure } from './key-set-endpoint.ts';

/** A key of a set with which no signature can be checked. */
export interface UnusableKey {
  /** The `kid`, cut to 100 characters; null: the key has none. */
  readonly kid: string | null;
  /** The error of the check: a malformed key, a private key, an RSA key below 2,048 bits. It shows no part of the key. */
  readonly reason: string;
}

export interface UsableKeys {
  /** Looks a key up as jose asks for it. */
  readonly keyFor: ReturnType<typeof createLocalJWKSet>;
  readonly unusable: readonly UnusableKey[];
}

/**
 * The keys of a set (RFC 7517) that can check a signature. One unusable key would fail every ticket that it matches, and
 * hide the keys behind it. Keys for other uses, such as encryption, are ignored. Rejects with {@link KeySetFailure} where
 * no usable key is left.
 */
export async function usableKeys(set: unknown): Promise<UsableKeys> {
  if (!isJsonObject(set) || !Array.isArray(set['keys'])) throw new KeySetFailure('no key set');
  const checked = await Promise.all(set['keys'].map(checkKey));
  const keys = checked.flatMap((result) => (result.kind === 'usable' ? [result.jwk] : []));
  const unusable = checked.flatMap((result) => (result.kind === 'unusable' ? [result.key] : []));
  if (keys.length === 0) throw new KeySetFailure('no usable key');
  return { keyFor: createLocalJWKSet({ keys }), unusable };
}

type CheckedKey =
  | { readonly kind: 'usable'; readonly jwk: JWK }
  | { readonly kind: 'unusable'; readonly key: UnusableKey }
  | { readonly kind: 'other use' };

/** Verifies a false signature with the key, so that jose's own rules decide: a usable key refuses the signature. */
async function checkKey(jwk: unknown): Promise<CheckedKey> {
  if (!isJsonObject(jwk)) return { kind: 'unusable', key: { kid: null, reason: 'no object' } };
  const keySet = createLocalJWKSet({ keys: [jwk] } as JSONWebKeySet);
  for (const alg of KEY_SET_ALGORITHMS) {
    try {
      await compactVerify(falselySigned(alg), keySet);
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) continue;
      if (error instanceof errors.JWSSignatureVerificationFailed) return { kind: 'usable', jwk };
      return { kind: 'unusable', key: { kid: kidOf(jwk), reason: reasonOf(error) } };
    }
  }
  return { kind: 'other use' };
}

function falselySigned(alg: string): string {
  return [JSON.stringify({ alg }), '{}', '-'].map((part) => Buffer.from(part).toString('base64url')).join('.');
}

function kidOf({ kid }: Readonly<Record<string, unknown>>): string | null {
  return typeof kid === 'string' ? kid.slice(0, 100) : null;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : 'UNKNOWN';
}
