import { performance } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Readiness } from './readiness.ts';

/** The sources of the values that are read at each scrape. */
export interface MetricSources {
  readonly readiness: Readiness;
  counts(): { readonly watches: number; readonly liveResults: number; readonly connections: number };
  droppedLogLines(): number;
}

const PREFIX = 'video_task_gateway_';

/**
 * `/metrics` in the Prometheus text format. prom-client is the client that Prometheus lists for Node, so dashboards
 * know its names. Its default metrics are left out, because they start timers and observers that cannot be stopped. The
 * most used of them are read here at each scrape, under their usual names. No label comes from a caller, a token or a
 * response body.
 */
export class Metrics {
  readonly #register = new Registry();
  readonly #calls: Counter<'outcome'>;
  readonly #seconds: Histogram;
  readonly #unexpectedResponses: Counter<'kind'>;
  readonly #scheduler: Counter<'event'>;

  constructor() {
    const registers = [this.#register];
    this.#calls = new Counter({
      name: `${PREFIX}upstream_calls_total`,
      help: 'Calls to A2E, by HTTP status or why there was none',
      labelNames: ['outcome'],
      registers,
    });
    this.#seconds = new Histogram({
      name: `${PREFIX}upstream_call_seconds`,
      help: 'How long calls to A2E took',
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.#unexpectedResponses = new Counter({
      name: `${PREFIX}upstream_anomalies_total`,
      help: 'Answers of A2E that are not what the API documents, by kind',
      labelNames: ['kind'],
      registers,
    });
    this.#scheduler = new Counter({
      name: `${PREFIX}pacing_events_total`,
      help: 'Breaker openings and closings, pauses, refused tokens',
      labelNames: ['event'],
      registers,
    });
  }

  /** Adds the gauges that are read at each scrape. Call once. */
  observe({ readiness, counts, droppedLogLines }: MetricSources): void {
    this.#gauge('watched_tasks', 'Tasks being watched, so polled', () => counts().watches);
    this.#gauge(
      'live_results',
      'Subscriptions being executed, each for any number of clients',
      () => counts().liveResults,
    );
    this.#gauge('connections', 'Open WebSockets and SSE streams', () => counts().connections);
    this.#gauge('ready', '1 when this process should get traffic', () => Number(readiness.report().ready));
    this.#gauge('upstream_available', '1 unless A2E is away or refuses the token of the gateway', () =>
      Number(readiness.report().upstream === 'ok'),
    );
    if (readiness.report().keySet)
      this.#gauge('key_set_available', '1 unless the key set of the tickets cannot be fetched', () =>
        Number(readiness.report().keySet === 'ok'),
      );
    this.#gauge('redis_connected', '1 when Redis is configured and reachable', () =>
      Number(readiness.report().cluster === 'connected'),
    );
    this.#total(`${PREFIX}log_lines_dropped_total`, 'Log lines that standard error did not take', droppedLogLines);
    this.#processGauge('process_resident_memory_bytes', 'Resident memory', () => process.memoryUsage.rss());
    this.#total('process_cpu_seconds_total', 'User and system CPU time', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    });
    this.#processGauge(
      'nodejs_eventloop_utilization',
      'Share of time the event loop was busy since the start',
      () => performance.eventLoopUtilization().utilization,
    );
  }

  /** A call to A2E has ended. `outcome`: the HTTP status, or a fixed word. */
  recordCall(outcome: string, seconds: number): void {
    this.#calls.inc({ outcome });
    this.#seconds.observe(seconds);
  }

  /** Counts a response that differs from the documented one. `kind` is a fixed word. */
  recordUnexpectedResponse(kind: string): void {
    this.#unexpectedResponses.inc({ kind });
  }

  /** Counts an event of the upstream scheduler. `event` is a fixed word. */
  recordSchedulerEvent(event: string): void {
    this.#scheduler.inc({ event });
  }

  get contentType(): string {
    return this.#register.contentType;
  }

  text(): Promise<string> {
    return this.#register.metrics();
  }

  #gauge(name: string, help: string, read: () => number): void {
    this.#processGauge(PREFIX + name, help, read);
  }

  #processGauge(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.#register],
      collect() {
        this.set(read());
      },
    });
  }

  /** A counter with a value that `read` supplies at each scrape; `read` never decreases. */
  #total(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.#register],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }
}
