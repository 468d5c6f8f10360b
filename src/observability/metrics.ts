import { type AdmissionSources, addAdmissionMetrics } from './metrics/admission-metrics.ts';
import { addClientMetrics, type ClientSources } from './metrics/client-metrics.ts';
import { addClusterMetrics, type ClusterSources } from './metrics/cluster-metrics.ts';
import { MetricRegistry } from './metrics/metric-registry.ts';
import { addPollingMetrics, type PollingSources } from './metrics/polling-metrics.ts';
import { addProcessMetrics } from './metrics/process-metrics.ts';
import { addReadinessMetrics } from './metrics/readiness-metrics.ts';
import { UpstreamMetrics } from './metrics/upstream-metrics.ts';
import type { Readiness } from './readiness.ts';

/** The sources of the values that are read at each scrape. */
export interface MetricSources extends PollingSources, ClientSources, AdmissionSources {
  readonly redis: ClusterSources;
  readonly operations: PollingSources['operations'] & ClientSources['operations'];
  readonly readiness: Readiness;
  droppedLogLines(): number;
}

/** A scraper that names it can read it; its weights only order the formats that it can read. */
const OPEN_METRICS = /(?:^|,)\s*application\/openmetrics-text\b/i;

/** `/metrics` of one gateway. docs/metrics.md lists every metric. */
export class Metrics implements Disposable {
  readonly #registry = new MetricRegistry();
  readonly upstream = new UpstreamMetrics(this.#registry);
  readonly #hasTraces: () => boolean;
  #stopSampling = (): void => {};

  /** @param hasTraces whether this process has an SDK for traces */
  constructor(hasTraces: () => boolean = () => false) {
    this.#hasTraces = hasTraces;
  }

  /** Adds the metrics that are read at each scrape. Call once. */
  observe(sources: MetricSources): void {
    addPollingMetrics(this.#registry, sources);
    addClientMetrics(this.#registry, sources);
    addAdmissionMetrics(this.#registry, sources);
    addClusterMetrics(this.#registry, sources.redis);
    addReadinessMetrics(this.#registry, sources.readiness);
    this.#stopSampling = addProcessMetrics(this.#registry, () => sources.droppedLogLines());
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.text();
  }

  /** The response to a scrape. `accept`: its header; OpenMetrics is there where traces are, for the exemplars. */
  async scrape(accept = ''): Promise<{ readonly contentType: string; readonly text: string }> {
    if (this.#hasTraces() && OPEN_METRICS.test(accept)) return this.#registry.openMetrics();
    return { contentType: this.contentType, text: await this.text() };
  }

  [Symbol.dispose](): void {
    this.#stopSampling();
  }
}
