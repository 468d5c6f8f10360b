import { TASK_ID } from '../text-patterns.ts';

/** A state with its place in the order of states of one topic. */
export interface Versioned<S> {
  /** Rises with every claimed tick of the topic; a state with a lower version is older, also when clocks disagree. */
  readonly version: number;
  readonly state: S;
}

/** Whether the other gateways can be reached. `single`: there are no other gateways. */
export type ClusterHealth = 'single' | 'connected' | 'away';

/** Called with the ids of tasks that another gateway invalidated. */
export type InvalidationListener = (ids: ReadonlySet<string>) => void;

/**
 * Decides which gateway polls, and shares the results, per topic (one topic per watched task and credential; the name is
 * opaque and safe to store). No call ever rejects or hangs: while the other gateways cannot be reached, claims are granted
 * locally, reads answer null, and publications and invalidations reach no other gateway.
 */
export interface Cluster<S> extends AsyncDisposable {
  readonly health: ClusterHealth;

  /**
   * Calls `listener` with every state that another gateway publishes on `topic` from now on and, after a reconnect, with
   * the state stored meanwhile; never with a state that this gateway published. The returned function unsubscribes. It is
   * idempotent; other listeners of the same topic stay.
   */
  subscribe(topic: string, listener: (published: Versioned<S>) => void): () => void;

  /** The last state that any gateway published on `topic` and that is still stored, or null. */
  read(topic: string): Promise<Versioned<S> | null>;

  /**
   * Claims the next tick of `topic`: of all claimants within `intervalMs` one is granted a version, which is higher
   * than `after`, than the stored state's and than any granted before; the other claimants get null.
   */
  claim(topic: string, intervalMs: number, after: number): Promise<number | null>;

  /**
   * Publishes a state to the other gateways, and stores it for `rememberMs`. A version lower than the stored one changes
   * no state.
   */
  publish(topic: string, published: Versioned<S>, rememberMs: number): Promise<void>;

  /**
   * Hints to every other gateway, in one round trip, that the tasks with these ids have changed. Texts that cannot be an
   * id ({@link isTaskId}) are left out. Each id is delivered at most once: the rest of an invalidation that is under way
   * when a connection ends is lost, because a watched task is polled within its interval without the hint.
   */
  invalidate(ids: Iterable<string>): Promise<void>;

  /** Calls `listener` with the invalidations of other gateways. The returned function unsubscribes. */
  onInvalidate(listener: InvalidationListener): () => void;
}

/** Whether a text may be the id of a task in an invalidation: at most 128 letters, digits, `_` and `-`. */
export function isTaskId(text: string): boolean {
  return TASK_ID.test(text);
}

/** The log of a cluster for its operator. The shape of a pino logger; never given a token or a state. */
export interface ClusterLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/**
 * The rate of upstream calls of all gateways of the deployment together, per key (one key per upstream token; the name is
 * opaque and safe to store). As with {@link Cluster} no call rejects or hangs: while the other gateways cannot be
 * reached, this process takes its share of the rate, by the last known number of gateways.
 */
export interface SharedRateLimiter {
  /**
   * Asks for one upstream call. 0: granted, make it now. Otherwise no call was granted, and asking again makes sense
   * after that many ms: the time until the key's next free slot or, if longer, the end of its pause. Grants are
   * spaced evenly, without credit for idle time. `Infinity` as `ratePerSecond` leaves only the pauses.
   */
  tryConsume(key: string, ratePerSecond: number): Promise<number>;

  /** How long any gateway's pause of the key lasts, in ms; 0 when it is not paused. Costs no round trip. */
  pausedFor(key: string): number;

  /**
   * Pauses the key for `forMs` from now (five minutes at most) in every gateway, also in gateways that start meanwhile. A
   * longer pause stays.
   */
  pause(key: string, forMs: number): Promise<void>;

  /** Calls `listener` with the pauses that other gateways begin, and the ms left. The returned function unsubscribes. */
  onPause(listener: (key: string, forMs: number) => void): () => void;
}
