import type { Cluster, SharedRateLimiter } from '../cluster/contract.ts';
import { MemoryCluster } from '../cluster/memory/memory-cluster.ts';
import type { RedisCounts } from '../cluster/redis/redis-counts.ts';
import { upstreamPrefix } from '../cluster/redis/upstream-prefix.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/log.ts';
import type { WatchState } from '../task/watch-state.ts';
import { decodeWatchState, encodeWatchState, WATCH_STATE_FORMAT } from '../task/watch-state-codec.ts';

/** Opens the cluster. The Redis client is loaded on demand, so that a process without it starts a third sooner. */
export async function createCluster(
  { redis, upstream }: Config,
  logger: Logger,
  counts: RedisCounts,
): Promise<Cluster<WatchState> & SharedRateLimiter> {
  if (!redis) return new MemoryCluster<WatchState>();
  const { createRedisCluster } = await import('../cluster/redis/redis-cluster.ts');
  const prefix = upstreamPrefix({ ...redis, ...upstream });
  const codec = { format: WATCH_STATE_FORMAT, encode: encodeWatchState, decode: decodeWatchState };
  const cluster = createRedisCluster<WatchState>({ ...redis, prefix, codec, logger, counts });
  await cluster.ready;
  return cluster;
}
