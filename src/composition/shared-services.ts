import { readFileSync } from 'node:fs';
import type { Cluster, SharedRateLimiter } from '../cluster/contract.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../observability/log.ts';
import { Metrics } from '../observability/metrics.ts';
import { OutageLog } from '../observability/outage-log.ts';
import { Readiness } from '../observability/readiness.ts';
import { type UnexpectedErrorHandler, unexpectedErrorLog } from '../observability/unexpected-errors.ts';
import { UpstreamHealth } from '../observability/upstream-health.ts';
import { PolledTasks } from '../scheduling/polled-tasks.ts';
import type { Timeouts } from '../server/limits/timeouts.ts';
import { StatusPage } from '../server/status-page/status-page.ts';
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
  /** The tasks of all tokens whose poll waits or runs. */
  readonly polled: PolledTasks;
  readonly outages: { readonly upstream: UpstreamHealth; readonly keySet: OutageLog | null };
  readonly timeouts: Timeouts;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  /** null: the page is on no port. */
  readonly status: StatusPage | null;
  readonly tallies: GatewayTallies;
  readonly tracing: Tracing;
  readonly onUnexpectedError: UnexpectedErrorHandler;
  /** Owns the parts, and disposes of them in reverse. */
  readonly stack: AsyncDisposableStack;
}

/** Where else than on `ADMIN_PORT` the operator page is, and how often it samples. */
export interface StatusPagePlacement {
  /** true: on the first port too, where every client reaches it. */
  readonly onFirstPort: boolean;
  /** The time between two samples, in ms; by default 5 s. */
  readonly everyMs?: number;
}

export interface ServiceOptions {
  readonly log: Logger;
  readonly timeouts: Timeouts;
  readonly cluster: Cluster<WatchState> & SharedRateLimiter;
  readonly tallies: GatewayTallies;
  readonly statusPage: StatusPagePlacement;
  /** The name of the polled API in log lines; by default `A2E`. */
  readonly upstreamName?: string;
  readonly stack: AsyncDisposableStack;
}

/** Builds the shared parts. The caller's `stack` owns them. */
export function createServices(config: Config, options: ServiceOptions): SharedServices {
  const { log, cluster, stack, upstreamName = 'A2E' } = options;
  const polled = new PolledTasks();
  const outages = {
    upstream: createUpstreamHealth(config, log, polled, upstreamName),
    keySet:
      config.auth.jwksUrl === null
        ? null
        : new OutageLog({ log, name: 'key set', awayAfterMs: 0, failureCountsForMs: null }),
  };
  const readiness = new Readiness(() => cluster.health, outages);
  const onUnexpectedError = unexpectedErrorLog(log);
  const tracing = createTracing();
  const metrics = stack.use(new Metrics(() => tracing.registered.current !== null));
  const base = { config, log, cluster, stack, polled, outages, readiness, metrics, tracing, onUnexpectedError };
  return { ...base, timeouts: options.timeouts, tallies: options.tallies, status: createStatusPage(base, options) };
}

/** A2E is away after a `POLL_INTERVAL_MS` of failures or of silence. */
function createUpstreamHealth(
  { poll: { intervalMs } }: Config,
  log: Logger,
  polled: PolledTasks,
  name: string,
): UpstreamHealth {
  const outage = new OutageLog({ log, name, awayAfterMs: intervalMs, failureCountsForMs: FAILURE_COUNTS_MS });
  return new UpstreamHealth({ outage, polled, silentAfterMs: intervalMs });
}

/** null where the page is on no port: it samples only where it is served. */
function createStatusPage(
  { config, readiness, metrics, onUnexpectedError, stack }: Omit<SharedServices, 'status' | 'timeouts' | 'tallies'>,
  { timeouts, statusPage: { onFirstPort, everyMs } }: ServiceOptions,
): StatusPage | null {
  if (config.adminPort === null && !onFirstPort) return null;
  const { stallMs } = timeouts;
  const { upstream } = metrics;
  return stack.use(
    new StatusPage({ readiness, upstream, version: packageVersion(), stallMs, everyMs, onUnexpectedError }),
  );
}

/** The manifest is beside `src` and beside `dist`. */
function packageVersion(): string {
  const manifest: { version: string } = JSON.parse(
    readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
  );
  return manifest.version;
}
