/** The token of an upstream call, and its identity. Watches, caches and results of different keys are kept apart. */
export interface Credential {
  /** A keyed one-way hash of the token: safe in keys, logs and Redis. */
  readonly key: string;
  /** The bearer token itself: goes upstream and nowhere else. */
  readonly token: string;
  /** The owner of the token: the gateway itself, or the caller (passthrough). */
  readonly owner: 'gateway' | 'caller';
}
