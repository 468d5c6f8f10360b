import type { Cluster, SharedRateLimiter } from '../cluster/contract.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/log.ts';
import { Metrics } from '../observability/metrics.ts';
import { OutageLog } from '../observability/outage-log.ts';
import { Readiness } from '../observability/readiness.ts';
import { unexpectedErrorLog } from '../observability/unexpected-errors.ts';
import type { Timeouts } from '../server/limits/timeouts.ts';
import type { WatchState } from '../task/watch-state.ts';
import { createTracing, type Tracing } from './create-tracing.ts';
import type { GatewayTallies } from './gateway-tallies.ts';

/** A failure of A2E counts for this long, in ms: longer than the longest back-off of a task. */
const FAILURE_COUNTS_MS = 90_000;

/** The parts that every other part of one gateway uses. */
export interface SharedServices {
  readonly config: Config;
  readonly log: Logger;
  readonly cluster: Cluster<WatchState> & SharedRateLimiter;
  readonly outages: { readonly upstream: OutageLog; readonly keySet: OutageLog | null };
  readonly timeouts: Timeouts;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly tallies: GatewayTallies;
  readonly tracing: Tracing;
  readonly onUnexpectedError: (error: unknown) => void;
  /** Owns the parts, and disposes of them in reverse. */
  readonly stack: AsyncDisposableStack;
}

export interface ServiceOptions {
  readonly log: Logger;
  readonly timeouts: Timeouts;
  readonly cluster: Cluster<WatchState> & SharedRateLimiter;
  readonly tallies: GatewayTallies;
  readonly stack: AsyncDisposableStack;
}

/** Builds the shared parts. The caller's `stack` owns them. */
export function createServices(config: Config, options: ServiceOptions): SharedServices {
  const { log, cluster, stack } = options;
  const outages = {
    upstream: new OutageLog({
      log,
      name: 'A2E',
      awayAfterMs: config.poll.intervalMs,
      failureCountsForMs: FAILURE_COUNTS_MS,
    }),
    keySet:
      config.auth.jwksUrl === null
        ? null
        : new OutageLog({ log, name: 'key set', awayAfterMs: 0, failureCountsForMs: null }),
  };
  const readiness = new Readiness(() => cluster.health, outages);
  const onUnexpectedError = unexpectedErrorLog(log);
  const tracing = createTracing();
  const metrics = stack.use(new Metrics(() => tracing.registered.current !== null));
  return { ...options, config, outages, readiness, metrics, tracing, onUnexpectedError };
}
