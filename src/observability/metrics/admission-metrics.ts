import { type MetricRegistry, PREFIX } from './metric-registry.ts';

/** The sources of {@link addAdmissionMetrics}. */
export interface AdmissionSources {
  readonly admission: { readonly waitingReads: number; readonly openRequests: number };
  readonly refusals: { readonly counts: Readonly<Record<string, number>> };
}

/** Adds the metrics of the work that waits, and of the clients that were refused. */
export function addAdmissionMetrics(registry: MetricRegistry, { admission, refusals }: AdmissionSources): void {
  registry.gauge(
    { name: `${PREFIX}waiting_reads`, help: 'Reads of queries that wait for A2E' },
    () => admission.waitingReads,
  );
  registry.gauge(
    { name: `${PREFIX}open_requests`, help: 'HTTP requests that are not answered yet; a stream is answered' },
    () => admission.openRequests,
  );
  registry.total(
    { name: `${PREFIX}refusals_total`, help: 'Requests, connections and operations refused', labels: ['reason'] },
    () => refusals.counts,
  );
}
