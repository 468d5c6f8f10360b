/**
 * Names in Redis. Keys that one script uses share a hash tag (`{…}`), so that they lie on one node of a Redis Cluster:
 * https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export interface RedisKeys {
  /** String `version:claimedAt` (ms since the epoch by Redis's clock): the last granted tick. Kept for {@link tickTtlMs}. */
  tick(topic: string): string;
  /** String, an envelope: the last state of the topic. The publisher chooses the TTL. */
  state(topic: string): string;
  /** Channel on which the topic's envelopes are published. */
  updates(topic: string): string;
  /** String: when the key's next slot is free, ms since the epoch. Kept a second longer than that. */
  rate(key: string): string;
  /** Sorted set of gateway ids by the instant at which they count as gone, ms since the epoch. */
  readonly nodes: string;
  /** Hash of paused keys, each `end:length` of the pause: ms since the epoch, and ms. */
  readonly pauses: string;
  /** Channel for the number of gateways, for pauses and for invalidations. */
  readonly membership: string;
  /** Channel on which a gateway receives its own messages. */
  echo(sender: string): string;
}

/**
 * The version of all formats in Redis but the text of a state: gateways with different versions do not mix. Raise it with
 * every change to a key, a channel, a message or a script that the version before would misread.
 */
const FORMAT = 'v2';

/** One hour: much longer than any interval. */
const TICK_TTL_MS = 3_600_000;

/**
 * How long a tick is kept, in ms. Without a stored state of the topic it is a few intervals, so that ids that A2E has
 * never answered leave Redis soon.
 */
export function tickTtlMs(intervalMs: number): { readonly withState: number; readonly withoutState: number } {
  const interval = Math.ceil(intervalMs);
  return { withState: TICK_TTL_MS + interval, withoutState: Math.max(1000, 4 * interval) };
}

/**
 * The names under `prefix`. The names of a topic contain the format of its states too: a gateway that lost a tick to a
 * gateway with another format could not read the result. The rate, the pauses and the membership are common to them.
 */
export function redisKeys(prefix: string, stateFormat: number): RedisKeys {
  const root = `${prefix}:${FORMAT}`;
  const topics = `${root}.${stateFormat}`;
  return {
    tick: (topic) => `${topics}:{${topic}}:tick`,
    state: (topic) => `${topics}:{${topic}}:state`,
    updates: (topic) => `${topics}:{${topic}}:updates`,
    rate: (key) => `${root}:{${key}}:rate`,
    nodes: `${root}:{gateways}:nodes`,
    pauses: `${root}:{gateways}:pauses`,
    membership: `${root}:{gateways}:membership`,
    echo: (sender) => `${root}:{${sender}}:echo`,
  };
}
