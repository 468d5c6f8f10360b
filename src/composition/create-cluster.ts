import type { Cluster, SharedRateLimiter } from '../cluster/contract.ts';
import { MemoryCluster } from '../cluster/memory/memory-cluster.ts';
import type { RedisCounts } from '../cluster/redis/redis-counts.ts';
import { upstreamPrefix } from '../cluster/redis/upstream-prefix.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/log.ts';
import type { TaskSource } from '../task/task-source.ts';
import type { WatchState } from '../task/watch-state.ts';
import { decodeWatchState, encodeWatchState, WATCH_STATE_FORMAT } from '../task/watch-state-codec.ts';

/**
 * Opens the cluster. Rejects with a `TypeError` for a source without a name in a cluster of Redis: the name keeps its states
 * apart from those of another source. The Redis client is loaded on demand, so that a process without it starts a third sooner.
 */
export async function createCluster(
  { redis, upstream }: Config,
  logger: Logger,
  counts: RedisCounts,
  source?: TaskSource,
): Promise<Cluster<WatchState> & SharedRateLimiter> {
  if (!redis) return new MemoryCluster<WatchState>();
  if (source && !source.name)
    throw new TypeError('With REDIS_URL a source needs a name, which is part of its keys in Redis');
  const { createRedisCluster } = await import('../cluster/redis/redis-cluster.ts');
  const prefix = upstreamPrefix({ ...redis, ...upstream, sourceName: source?.name });
  const codec = { format: WATCH_STATE_FORMAT, encode: encodeWatchState, decode: decodeWatchState };
  const cluster = createRedisCluster<WatchState>({ ...redis, prefix, codec, logger, counts });
  await cluster.ready;
  return cluster;
}
