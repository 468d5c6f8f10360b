/**
 * Names in Redis. What is used together in one script shares a hash tag (`{…}`), so that it lies on one node of a Redis
 * Cluster: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#hash-tags
 */
export interface RedisKeys {
  /** String `version:claimedAt` (ms): the last granted tick of the topic. Kept for {@link TICK_TTL_MS}. */
  tick(topic: string): string;
  /** String, an envelope: the last state of the topic. Kept as long as the publisher says. */
  state(topic: string): string;
  /** Channel on which the topic's envelopes are published. */
  updates(topic: string): string;
  /** String: when the lane's next slot is free, ms since the epoch. Kept a second longer than that. */
  rate(lane: string): string;
  /** Sorted set of gateway ids by the time they count as gone, ms since the epoch. */
  readonly nodes: string;
  /** Sorted set of paused lanes by the end of the pause, ms since the epoch. */
  readonly pauses: string;
  /** Channel for the number of gateways and for pauses. */
  readonly membership: string;
  /** Channel on which one gateway hears itself. */
  echo(sender: string): string;
}

/** One hour: much longer than any interval, and far longer than any clock is wrong. */
export const TICK_TTL_MS = 3_600_000;

export function redisKeys(prefix: string): RedisKeys {
  return {
    tick: (topic) => `${prefix}:{${topic}}:tick`,
    state: (topic) => `${prefix}:{${topic}}:state`,
    updates: (topic) => `${prefix}:{${topic}}:news`,
    rate: (lane) => `${prefix}:{${lane}}:budget`,
    nodes: `${prefix}:{gateways}:nodes`,
    pauses: `${prefix}:{gateways}:pauses`,
    membership: `${prefix}:{gateways}:bulletin`,
    echo: (sender) => `${prefix}:{${sender}}:echo`,
  };
}
