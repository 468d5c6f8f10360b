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

/** `/metrics` of one gateway. docs/metrics.md lists every metric. */
export class Metrics implements Disposable {
  readonly #registry = new MetricRegistry();
  readonly upstream = new UpstreamMetrics(this.#registry);
  #stopSampling = (): void => {};

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

  [Symbol.dispose](): void {
    this.#stopSampling();
  }
}
