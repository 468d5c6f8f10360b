/**
 * One life of the connections to Redis of any kind: opened once, never reconnected, destroyed at the first
 * fault. Commands and subscriptions travel on different connections.
 */
export interface RedisLink {
  /** The command that reaches this link's subscribers: sharded pub/sub in a Redis Cluster. */
  readonly publishCommand: 'PUBLISH' | 'SPUBLISH';
  /** Sends one command to the node that holds `key`. */
  send(key: string, args: readonly string[]): Promise<unknown>;
  subscribe(channels: readonly string[]): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  /** A round trip on every connection that carries subscriptions. */
  pingSubscribers(): Promise<unknown>;
  /** Closes all connections at once; commands under way reject. Idempotent. */
  destroy(): void;
}

/** The events of a link, and the limits on opening it. */
export interface RedisLinkEvents {
  /** A message on a subscribed channel. */
  readonly onMessage: (message: string, channel: string) => void;
  /** The link is broken and will not mend. May be called more than once. */
  readonly onDown: (cause: Error) => void;
  readonly connectTimeoutMs: number;
  /** Aborted when opening has taken too long: everything opened so far is destroyed. */
  readonly signal: AbortSignal;
}

/** Connects; when that fails or `signal` aborts it, rejects after `destroy` has closed all that was opened. */
export async function connectOrDestroy(
  connect: () => Promise<unknown>,
  destroy: () => void,
  signal: AbortSignal,
): Promise<void> {
  signal.addEventListener('abort', destroy, { once: true });
  try {
    await connect();
    signal.throwIfAborted();
  } catch (error) {
    destroy();
    throw error;
  } finally {
    signal.removeEventListener('abort', destroy);
  }
}

/** The name the gateway's connections carry in `CLIENT LIST`. */
export const CONNECTION_NAME = 'video-task-gateway';
