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
  subscribe(topic: string, hear: (published: Versioned<S>) => void): () => void;

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

/** What a cluster tells its operator. The shape of a pino logger; never given a token or a state. */
export interface ClusterLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/**
 * What upstream may be asked in all, by every gateway of the deployment together, per lane (one lane per upstream
 * token; the name is opaque and safe to store). As with {@link Cluster} no call rejects or hangs: when the others
 * cannot be reached, this process takes its share of the rate, by the number of gateways last seen.
 */
export interface SharedRateLimiter {
  /**
   * Asks for one upstream call. 0: granted, make it now. Otherwise nothing was granted, and asking again makes sense
   * after that many ms: the time until the lane's next free slot or, if longer, the end of its pause. Grants are
   * spaced evenly, without credit for idle time. `Infinity` as `ratePerSecond` leaves only the pauses.
   */
  tryConsume(lane: string, ratePerSecond: number): Promise<number>;

  /** How long the lane is still paused, by anyone, in ms; 0 when it is not. Costs nothing. */
  pausedFor(lane: string): number;

  /** Stops the lane for `forMs` from now in every gateway, also in those that start meanwhile. A longer pause stays. */
  pause(lane: string, forMs: number): Promise<void>;

  /** Hears the pauses that other gateways begin, with what is left of them in ms. Undo with the returned function. */
  onPause(listener: (lane: string, forMs: number) => void): () => void;
}
