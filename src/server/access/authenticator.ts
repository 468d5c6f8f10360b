import type { Credential } from '../../task/credential.ts';

/** The identity and the rights of a caller. */
export interface Caller {
  /** The credential of upstream calls. */
  readonly credential: Credential;
  /** The exact identity of the caller's rights: callers with equal scopes may share results. Never leaves the gateway. */
  readonly scope: string;
  /** The key of the rate limit; null: the network address is the key. Never leaves the gateway. */
  readonly rateKey: string | null;
  /** The caller's network address, in the form by which limits count it; undefined: not known. */
  readonly address?: string;
  /** Whether the caller may read this task. */
  canAccess(id: string): boolean;
  /** When the caller's right ends, clock tolerance included, in ms since the epoch; null: never. */
  readonly expiresAt: number | null;
}

/** Authenticates callers: one implementation per `AUTH_MODE`. */
export interface Authenticator {
  /**
   * The caller behind an `Authorization` value (`Bearer …`), over HTTP or from `connectionParams`. Rejects with
   * `Unauthenticated`, or with `UpstreamUnavailable` while the keys that check a token are unavailable.
   */
  authenticate(authorization: string | undefined): Promise<Caller>;
}
