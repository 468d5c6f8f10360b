/** A state with its place in the order of states of one topic. */
export interface Versioned<S> {
  /** Rises with every claimed tick of the topic; whatever arrives with a lower one is older. */
  readonly version: number;
  readonly state: S;
}

/** Whether the other gateways can be reached. `single`: there are none to reach. */
export type ClusterHealth = 'single' | 'connected' | 'away';

/**
 * Who polls, and who hears: what the gateways of one deployment share, per topic (one topic per watched task and
 * credential; the name is opaque and safe to store). No call ever rejects or hangs: when the others cannot be
 * reached, claims are granted locally, reads answer null and publications reach only this process.
 */
export interface Cluster<S> extends AsyncDisposable {
  readonly health: ClusterHealth;

  /**
   * Hears every state that another gateway publishes on `topic` from now on and, after a reconnect, the one that
   * was remembered meanwhile. Never called for one's own publications. Undo with the returned function, which is
   * idempotent; other listeners of the same topic stay.
   */
  join(topic: string, hear: (published: Versioned<S>) => void): () => void;

  /** The last state published on `topic` by anyone and still remembered, or null. */
  read(topic: string): Promise<Versioned<S> | null>;

  /**
   * Claims the next tick of `topic`: of all claimants within `intervalMs` one is granted a version, which is higher
   * than `after` and than any granted before; the others get null.
   */
  claim(topic: string, intervalMs: number, after: number): Promise<number | null>;

  /** Tells the others, and remembers the state for `rememberMs`. A version lower than the remembered one changes nothing. */
  publish(topic: string, published: Versioned<S>, rememberMs: number): Promise<void>;
}
