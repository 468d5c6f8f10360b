import type { Credential } from '../../task/credential.ts';

/** Who asks, as far as the gateway needs to know. */
export interface Caller {
  /** Whose token goes upstream. */
  readonly credential: Credential;
  /** Exact identity of what this caller may see: callers with equal scopes may share results. Never shown to anyone. */
  readonly scope: string;
  /** Whose operations are counted together for the rate limit; null: those from one network address. Never shown to anyone. */
  readonly rateKey: string | null;
  /** The network address that the caller asks from, as far as limits group it; undefined: not known. */
  readonly address?: string;
  /** Whether the caller may ask for this task. */
  canAccess(id: string): boolean;
  /** When the caller's right ends, clock tolerance included, in ms since the epoch; null: never. */
  readonly expiresAt: number | null;
}

/** Who may ask: one implementation per `AUTH_MODE`. */
export interface Authenticator {
  /**
   * The caller behind an `Authorization` value (`Bearer …`), over HTTP or from `connectionParams`. Rejects with
   * `Unauthenticated`, or with `UpstreamUnavailable` while it cannot tell.
   */
  authenticate(authorization: string | undefined): Promise<Caller>;
}
