import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { UpstreamTotals } from '../metrics/upstream-metrics.ts';
import type { MetricSources } from '../metrics.ts';
import type { ReadinessReport } from '../readiness.ts';

/** The sources of the metrics, which the operator page reads too. */
export interface StatusSources extends MetricSources {
  readonly schedulers: {
    report(): ReturnType<MetricSources['schedulers']['report']> & { readonly nextCallMs: number | null };
  };
}

/** The values of one moment. Totals count from the start of the process. */
export interface StatusReading extends UpstreamTotals {
  /** Since the start of the process, on the monotonic clock, in ms. */
  readonly at: number;
  readonly saved: number;
  readonly delivered: number;
  readonly conflated: number;
  readonly stalled: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly redisAwayMs: number;
  readonly droppedLogLines: number;
  readonly watched: number;
  readonly stale: number;
  readonly waitingReads: number;
  readonly subscriptions: Readonly<Record<string, number>>;
  readonly connections: Readonly<Record<string, number>>;
  readonly circuits: Readonly<Record<string, number>>;
  readonly nextCallMs: number | null;
  readonly delayMs: number;
  readonly permits: number;
  readonly maxPermits: number;
  /** `UPSTREAM_MAX_RPS`; null: unlimited. */
  readonly maxRps: number | null;
  readonly readiness: ReadinessReport;
  /** 99th percentile since the reading before, in ms. */
  readonly lagMs: number;
  readonly heapBytes: number;
  readonly heapLimitBytes: number;
}

/** How often the delay of the event loop is measured, in ms. */
const LAG_RESOLUTION_MS = 20;

/**
 * Reads the sources of the metrics. Only the lag of the event loop is measured for itself, because each scrape of
 * `/metrics` begins its measurement anew.
 */
export class StatusReader implements Disposable {
  readonly #sources: StatusSources;
  readonly #upstream: { totals(): Promise<UpstreamTotals> };
  readonly #lag = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });

  constructor(sources: StatusSources, upstream: { totals(): Promise<UpstreamTotals> }) {
    this.#sources = sources;
    this.#upstream = upstream;
    this.#lag.enable();
  }

  async read(): Promise<StatusReading> {
    const { polls, operations, refusals, redis, readiness, admission, watches, limits } = this.#sources;
    const { circuits, nextCallMs, latenessMs, permits } = this.#sources.schedulers.report();
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    return {
      ...(await this.#upstream.totals()),
      ...this.#clients(),
      at: performance.now(),
      saved: sumOf(polls.saved.counts) + operations.cachedTasks,
      refusals: { ...refusals.counts },
      redisAwayMs: redis.awayMs,
      droppedLogLines: this.#sources.droppedLogLines(),
      watched: watches.watchedCount,
      stale: watches.staleCount,
      waitingReads: admission.waitingReads,
      circuits,
      nextCallMs,
      delayMs: latenessMs,
      permits: sumOf(permits),
      maxPermits: limits.maxConcurrency,
      maxRps: limits.maxRps,
      readiness: readiness.report(),
      lagMs: this.#takeLag(),
      heapBytes: used_heap_size,
      heapLimitBytes: heap_size_limit,
    };
  }

  [Symbol.dispose](): void {
    this.#lag.disable();
  }

  #clients() {
    const transports = Object.entries(this.#sources.clients);
    const total = (field: 'delivered' | 'conflated' | 'stalled'): number =>
      transports.reduce((sum, [, counts]) => sum + counts[field], 0);
    const open = (field: 'subscriptions' | 'connections'): Record<string, number> =>
      Object.fromEntries(transports.map(([transport, counts]) => [transport, counts[field]]));
    return {
      delivered: total('delivered'),
      conflated: total('conflated'),
      stalled: total('stalled'),
      subscriptions: open('subscriptions'),
      connections: open('connections'),
    };
  }

  /** A measurement includes its own interval. */
  #takeLag(): number {
    const lagMs = Math.max(0, this.#lag.percentile(99) / 1e6 - LAG_RESOLUTION_MS);
    this.#lag.reset();
    return lagMs;
  }
}

/** The sum of counts. */
export function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
