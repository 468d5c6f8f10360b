/** The token of an upstream call, and its identity. Watches, caches and results of different keys are kept apart. */
export interface Credential {
  /** A keyed one-way hash of the token: safe in keys, logs and Redis. */
  readonly key: string;
  /** The bearer token itself: goes upstream and nowhere else. */
  readonly token: string;
  /** Whose token it is: the gateway's own, or the caller's (passthrough). */
  readonly owner: 'gateway' | 'caller';
}
