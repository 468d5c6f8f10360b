import { type MetricRegistry, PREFIX } from './metric-registry.ts';

/** The sources of {@link addPollingMetrics}. */
export interface PollingSources {
  readonly watches: { readonly watchedCount: number; readonly staleCount: number };
  readonly polls: Readonly<Record<'saved' | 'claims', { readonly counts: Readonly<Record<string, number>> }>>;
  readonly operations: { readonly cachedTasks: number };
  readonly schedulers: {
    report(): {
      readonly circuits: Readonly<Record<string, number>>;
      readonly latenessMs: number;
      readonly permits: Readonly<Record<string, number>>;
    };
  };
  readonly limits: { readonly maxConcurrency: number; readonly maxRps: number | null };
}

/** Adds the metrics of watches, of the calls that sharing saves, and of the budget towards A2E. */
export function addPollingMetrics(registry: MetricRegistry, sources: PollingSources): void {
  const { watches, polls, operations } = sources;
  registry.gauge(
    { name: `${PREFIX}watched_tasks`, help: 'Tasks being watched, so polled' },
    () => watches.watchedCount,
  );
  registry.gauge(
    { name: `${PREFIX}stale_tasks`, help: 'Watched tasks whose last poll failed: clients see the last good state' },
    () => watches.staleCount,
  );
  registry.total(
    {
      name: `${PREFIX}upstream_calls_saved_total`,
      help: 'Calls to A2E that one poll per subscription and one call per query would have cost, and sharing avoided',
      labels: ['reason'],
    },
    () => ({ ...polls.saved.counts, response_cache: operations.cachedTasks }),
  );
  registry.total(
    { name: `${PREFIX}claims_total`, help: 'Ticks claimed from the cluster, by result', labels: ['result'] },
    () => polls.claims.counts,
  );
  addBudgetMetrics(registry, sources);
}

function addBudgetMetrics(registry: MetricRegistry, { schedulers, limits }: PollingSources): void {
  registry.gauge(
    {
      name: `${PREFIX}poll_delay_seconds`,
      help: 'How late polls run now because the demand exceeds the budget; of the token with the longest delay',
    },
    () => schedulers.report().latenessMs / 1000,
  );
  registry.gauge(
    { name: `${PREFIX}upstream_permits_in_use`, help: 'Calls to A2E under way, by bulkhead class', labels: ['class'] },
    () => schedulers.report().permits,
  );
  registry.gauge({ name: `${PREFIX}upstream_permits`, help: 'UPSTREAM_MAX_CONCURRENCY' }, () => limits.maxConcurrency);
  const { maxRps } = limits;
  if (maxRps !== null)
    registry.gauge(
      { name: `${PREFIX}upstream_rate_limit`, help: 'UPSTREAM_MAX_RPS, of all gateways together and per token' },
      () => maxRps,
    );
  registry.gauge(
    { name: `${PREFIX}circuits`, help: 'Tokens, by the state of their circuit', labels: ['state'] },
    () => schedulers.report().circuits,
  );
}
