import type { Counter, Histogram } from 'prom-client';
import type { Exemplar } from './exemplar.ts';
import { type MetricRegistry, PREFIX } from './metric-registry.ts';

const SCHEDULER_EVENTS = ['breaker-opened', 'breaker-closed', 'paused', 'token-refused', 'token-accepted'];
const UNEXPECTED_RESPONSES = ['contract-violation', 'wrong-task', 'unknown-status'];
const CALL_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const LATENESS_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The counts since the start that the operator page derives its figures from. */
export interface UpstreamTotals {
  /** Calls to A2E by outcome. */
  readonly calls: Readonly<Record<string, number>>;
  /** Trusted polls that started within each bound of lateness, in ms; the last bound is infinite. */
  readonly lateness: readonly (readonly [boundMs: number, polls: number])[];
}

/** A value without a trace. */
const NO_EXEMPLAR: Partial<Exemplar> = {};

/** The calls to A2E, and the events of their schedulers. No label comes from a caller, a token or a response body. */
export class UpstreamMetrics {
  readonly #calls: Counter<'outcome'>;
  readonly #seconds: Histogram<keyof Exemplar>;
  readonly #unexpectedResponses: Counter<'kind'>;
  readonly #scheduler: Counter<'event'>;
  readonly #lateness: Histogram<'bulkhead' | keyof Exemplar>;

  constructor(registry: MetricRegistry) {
    this.#calls = registry.counter({
      name: `${PREFIX}upstream_calls_total`,
      help: 'Calls to A2E, by HTTP status or why there was none',
      labels: ['outcome'],
    });
    this.#seconds = registry.histogram({
      name: `${PREFIX}upstream_call_seconds`,
      help: 'How long calls to A2E took',
      buckets: CALL_BUCKETS,
    });
    this.#unexpectedResponses = registry.counter({
      name: `${PREFIX}upstream_anomalies_total`,
      help: 'Answers of A2E that are not what the API documents, by kind',
      labels: ['kind'],
    });
    this.#scheduler = registry.counter({
      name: `${PREFIX}pacing_events_total`,
      help: 'Openings and closings of circuits, pauses, refused and accepted tokens',
      labels: ['event'],
    });
    this.#lateness = registry.histogram({
      name: `${PREFIX}poll_lateness_seconds`,
      help: 'Start of a poll minus its due time; trusted: A2E has answered for the task, and its last poll succeeded',
      labels: ['bulkhead'],
      buckets: LATENESS_BUCKETS,
    });
    for (const event of SCHEDULER_EVENTS) this.#scheduler.inc({ event }, 0);
    for (const kind of UNEXPECTED_RESPONSES) this.#unexpectedResponses.inc({ kind }, 0);
    for (const bulkhead of ['trusted', 'untrusted']) this.#lateness.zero({ bulkhead });
  }

  /** A call to A2E has ended. `outcome`: the HTTP status, or a fixed word. `exemplar`: of its trace. */
  recordCall(outcome: string, seconds: number, exemplar?: Exemplar): void {
    this.#calls.inc({ outcome });
    this.#seconds.observe({ value: seconds, exemplarLabels: exemplar ?? NO_EXEMPLAR });
  }

  /** Counts a response that differs from the documented one. `kind` is a fixed word. */
  recordUnexpectedResponse(kind: string): void {
    this.#unexpectedResponses.inc({ kind });
  }

  /** Counts an event of the upstream scheduler. `event` is a fixed word. */
  recordSchedulerEvent(event: string): void {
    this.#scheduler.inc({ event });
  }

  /** A poll has started `lateMs` after its due time. */
  recordPollStart(lateMs: number, bulkhead: 'trusted' | 'untrusted', exemplar?: Exemplar): void {
    this.#lateness.observe({ labels: { bulkhead }, value: lateMs / 1000, exemplarLabels: exemplar ?? NO_EXEMPLAR });
  }

  /** The present values of `upstream_calls_total` and `poll_lateness_seconds`. */
  async totals(): Promise<UpstreamTotals> {
    const [calls, lateness] = await Promise.all([this.#calls.get(), this.#lateness.get()]);
    const buckets = lateness.values.flatMap(({ labels, value }): UpstreamTotals['lateness'] => {
      const { bulkhead, le }: { bulkhead?: string | number; le?: string | number } = labels;
      if (bulkhead !== 'trusted' || le === undefined) return [];
      return [[le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le) * 1000, value]];
    });
    return {
      calls: Object.fromEntries(calls.values.map(({ labels, value }) => [String(labels.outcome), value])),
      lateness: buckets,
    };
  }
}
