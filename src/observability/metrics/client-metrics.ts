import { type MetricRegistry, PREFIX } from './metric-registry.ts';
import type { Reading } from './read-metric.ts';
import type { SubscriptionTransport } from './transport.ts';

/** The counts of one transport. */
interface TransportCounts {
  readonly connections: number;
  readonly subscriptions: number;
  readonly delivered: number;
  readonly conflated: number;
  readonly stalled: number;
  readonly completed: number;
  readonly failed: number;
  readonly unsubscribed: number;
}

/** The sources of {@link addClientMetrics}. */
export interface ClientSources {
  readonly clients: Readonly<Record<SubscriptionTransport, TransportCounts>>;
  readonly connections: { readonly open: number };
  readonly executor: { readonly liveCount: number };
  readonly operations: {
    readonly queries: { readonly counts: Readonly<Record<string, number>> };
    readonly cache: { readonly counts: Readonly<Record<string, number>> };
    readonly rejected: number;
    readonly rendered: number;
  };
}

type Totals = readonly [name: string, field: keyof TransportCounts, help: string][];

const OPEN: Totals = [
  ['client_connections', 'connections', 'Open connections of clients'],
  ['subscriptions', 'subscriptions', 'Open subscriptions'],
];

const SINCE_START: Totals = [
  ['updates_delivered_total', 'delivered', 'Updates written to clients'],
  ['updates_conflated_total', 'conflated', 'Updates that a newer one replaced before a slow client had read them'],
  ['stalled_clients_total', 'stalled', 'Clients disconnected because they read nothing for too long'],
];

/** Adds the metrics of clients, of their operations, and of the updates that they receive. */
export function addClientMetrics(registry: MetricRegistry, sources: ClientSources): void {
  const { clients, connections, executor, operations } = sources;
  const byTransport = (field: keyof TransportCounts) => (): Reading => ({
    websocket: clients.websocket[field],
    sse: clients.sse[field],
    multipart: clients.multipart[field],
  });
  registry.gauge(
    { name: `${PREFIX}live_results`, help: 'Subscriptions being executed, each for any number of clients' },
    () => executor.liveCount,
  );
  registry.gauge(
    { name: `${PREFIX}connections`, help: 'Open WebSockets and streams, as MAX_CONNECTIONS counts them' },
    () => connections.open,
  );
  const labels = ['transport'];
  for (const [name, field, help] of OPEN) registry.gauge({ name: PREFIX + name, help, labels }, byTransport(field));
  for (const [name, field, help] of SINCE_START)
    registry.total({ name: PREFIX + name, help, labels }, byTransport(field));
  registry.total(
    { name: `${PREFIX}updates_rendered_total`, help: 'Updates executed, each for all clients of a live result' },
    () => operations.rendered,
  );
  addOperationMetrics(registry, sources);
}

function addOperationMetrics(registry: MetricRegistry, { clients, operations }: ClientSources): void {
  registry.total(
    {
      name: `${PREFIX}operations_total`,
      help: 'Operations that have ended, by kind and outcome; a query from the response cache is not one',
      labels: ['kind', 'outcome'],
    },
    () => endedOperations(clients, operations),
  );
  registry.total(
    {
      name: `${PREFIX}response_cache_requests_total`,
      help: 'Queries over HTTP, by whether the response cache held the response',
      labels: ['result'],
    },
    () => operations.cache.counts,
  );
}

/** By kind and outcome. */
function endedOperations(
  clients: ClientSources['clients'],
  { queries, rejected }: ClientSources['operations'],
): Reading {
  const ends = { completed: 0, failed: 0, unsubscribed: 0 };
  for (const { completed, failed, unsubscribed } of Object.values(clients)) {
    ends.completed += completed;
    ends.failed += failed;
    ends.unsubscribed += unsubscribed;
  }
  return { query: queries.counts, subscription: ends, unknown: { rejected } };
}
