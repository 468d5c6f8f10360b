import { type MetricRegistry, PREFIX } from './metric-registry.ts';

/** The use of Redis; without Redis all numbers are 0. */
export interface ClusterSources {
  readonly roundTrips: number;
  readonly awayMs: number;
}

/** Adds the metrics of Redis. */
export function addClusterMetrics(registry: MetricRegistry, redis: ClusterSources): void {
  registry.total(
    { name: `${PREFIX}redis_round_trips_total`, help: 'Commands and scripts sent to Redis' },
    () => redis.roundTrips,
  );
  registry.total(
    { name: `${PREFIX}redis_away_seconds_total`, help: 'Time without the Redis that is configured' },
    () => redis.awayMs / 1000,
  );
}
