import type { Cluster, SharedBudget } from './cluster/contract.ts';
import { MemoryCluster } from './cluster/memory-cluster.ts';
import type { Config } from './config.ts';
import type { Logger } from './log.ts';
import { schema } from './schema/schema.ts';
import type { Access } from './server/access/caller.ts';
import { OpenAccess } from './server/access/open-access.ts';
import { PassthroughAccess } from './server/access/passthrough-access.ts';
import { accessWarnings } from './server/access/warnings.ts';
import { addressReader } from './server/client-address.ts';
import { ConnectionCount } from './server/connection-count.ts';
import { Documents } from './server/documents.ts';
import { drain } from './server/drain.ts';
import { createErrorFormat } from './server/error-format.ts';
import { graphiqlPage } from './server/graphiql.ts';
import { GraphqlEndpoint } from './server/graphql-endpoint.ts';
import { HttpServer } from './server/http-server.ts';
import { OperationRate } from './server/limits/operation-rate.ts';
import { TIMEOUTS, type Timeouts } from './server/limits/timeouts.ts';
import { Metrics } from './server/metrics.ts';
import { Operations } from './server/operations.ts';
import { Origins } from './server/origins.ts';
import { createPage } from './server/page.ts';
import { QueryAnswers } from './server/query-answers.ts';
import { Readiness } from './server/readiness.ts';
import { SseEndpoint } from './server/sse/sse-endpoint.ts';
import { Webhook } from './server/webhook.ts';
import { WebSocketEndpoint } from './server/websocket/websocket-endpoint.ts';
import { createYogaHandler } from './server/yoga.ts';
import { CallLanes } from './task/lane/call-lanes.ts';
import { patienceFor } from './task/task-observer.ts';
import { TaskRegistry } from './task/task-registry.ts';
import type { WatchState } from './task/watch-state.ts';
import { decodeWatchState, encodeWatchState } from './task/watch-state-codec.ts';
import { A2eClient } from './upstream/a2e-client.ts';
import { upstreamReporter } from './upstream-reporter.ts';

/** Counts of what is alive, for tests, metrics and operators. */
export interface GatewayCounts {
  /** Tasks being watched, so polled. */
  readonly watches: number;
  /** Subscriptions being executed, each for any number of clients. */
  readonly liveResults: number;
  /** Open WebSockets and SSE streams. */
  readonly connections: number;
}

/** A running gateway. Disposing of it closes every connection and stops every poll. */
export interface Gateway extends AsyncDisposable {
  /** Where it listens: `http://HOST:PORT`, with the real port. */
  readonly url: string;
  counts(): GatewayCounts;
  /**
   * Takes no new work and says goodbye to every client, within the configured grace period. What is still open then is
   * closed by disposing of the gateway.
   */
  drain(): Promise<void>;
}

export interface GatewayOptions {
  readonly log: Logger;
  /** The id that GraphiQL opens with. */
  readonly exampleId?: string;
  /** How long clients are waited for; by default {@link TIMEOUTS}. */
  readonly timeouts?: Timeouts;
}

/** What every part of one gateway is built from. */
interface Base {
  readonly config: Config;
  readonly log: Logger;
  readonly timeouts: Timeouts;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly onUnforeseen: (error: unknown) => void;
  /** Owns what is built; disposes of it in reverse. */
  readonly stack: AsyncDisposableStack;
}

/** Builds everything a configuration asks for, and listens. Rejects when the address cannot be had. */
export async function createGateway(
  config: Config,
  { log, exampleId = 'YOUR_TASK_ID', timeouts = TIMEOUTS }: GatewayOptions,
): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  for (const warning of accessWarnings(config)) log.warn(warning);
  const onUnforeseen = (error: unknown): void => log.error({ err: error }, 'unforeseen error');
  const cluster = stack.use(await createCluster(config, log));
  const readiness = new Readiness(() => cluster.health);
  const base: Base = { config, log, timeouts, readiness, metrics: new Metrics(), onUnforeseen, stack };
  const registry = stack.use(createRegistry(base, cluster));
  const { server, parts, operations, connections } = await createEdges(base, registry, exampleId);
  const { port } = await server.listen(config.port, config.host);
  readiness.phase = 'ready';
  const counts = (): GatewayCounts => ({
    watches: registry.watchedCount,
    liveResults: operations.liveCount,
    connections: connections.open,
  });
  base.metrics.observe({ readiness, counts });
  const owned = stack.move();
  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    counts,
    drain: () => {
      readiness.phase = 'draining';
      const quiet = Promise.all([connections.none(), server.idle()]);
      return drain({ graceMs: config.shutdownGraceMs, parts, quiet });
    },
    [Symbol.asyncDispose]: async () => {
      readiness.phase = 'draining';
      await owned.disposeAsync();
    },
  };
}

/** The clients of Redis are loaded where they are needed: without them a process starts a third sooner. */
async function createCluster({ redis }: Config, logger: Logger): Promise<Cluster<WatchState> & SharedBudget> {
  if (!redis) return new MemoryCluster<WatchState>();
  const { createRedisCluster } = await import('./cluster/redis-cluster.ts');
  const codec = { encode: encodeWatchState, decode: decodeWatchState };
  const cluster = createRedisCluster<WatchState>({ ...redis, codec, logger });
  await cluster.ready;
  return cluster;
}

/** The heart: all watches, the lanes their calls pass, and the client they call. */
function createRegistry(
  { config, log, readiness, metrics, onUnforeseen, stack }: Base,
  cluster: Cluster<WatchState> & SharedBudget,
): TaskRegistry {
  const { upstream, poll, redis } = config;
  const reporter = upstreamReporter(log, readiness, metrics);
  const { origin, timeoutMs, maxConcurrency, maxRps } = upstream;
  const source = stack.use(
    new A2eClient({ origin, timeoutMs, maxConnections: maxConcurrency, onEvent: reporter.onCall }),
  );
  const { intervalMs, maxIntervalMs, lingerMs, firstAnswerTimeoutMs: firstAnswerMs } = poll;
  const shared = redis ? cluster : undefined;
  const lanes = stack.use(new CallLanes({ maxConcurrency, maxRps, intervalMs, shared, onEvent: reporter.onLane }));
  const pace = { intervalMs, maxIntervalMs };
  return new TaskRegistry({ source, cluster, lanes, pace, lingerMs, firstAnswerMs, onUnforeseen });
}

interface Edges {
  readonly server: HttpServer;
  /** Those whose clients are told to go before the end. */
  readonly parts: readonly [WebSocketEndpoint, SseEndpoint];
  readonly operations: Operations;
  readonly connections: ConnectionCount;
}

const STRANGER = 'refused what a page of this origin asked: list it in CORS_ORIGINS if it may call';

/** Everything that touches sockets, on one port. */
async function createEdges(base: Base, registry: TaskRegistry, exampleId: string): Promise<Edges> {
  const { config, log, timeouts, readiness, metrics, onUnforeseen, stack } = base;
  const { http, limits, poll } = config;
  const { introspection, trustedDocuments: trustedPath, trustProxy } = http;
  const documents = new Documents({ schema, limits, introspection, trustedPath });
  const format = createErrorFormat(onUnforeseen);
  const patience = patienceFor(poll.intervalMs, poll.firstAnswerTimeoutMs);
  const shared = { schema, documents, registry, patience, maxIds: limits.ids, format, onUnforeseen };
  const operations = new Operations(shared);
  const maxBodyBytes = limits.bodyBytes;
  const access = await createAccess(config);
  const rate = new OperationRate(limits.operationsPerSecond);
  const sockets = { maxSubscriptions: limits.subscriptionsPerConnection, maxFrameBytes: maxBodyBytes, timeouts };
  const websocket = stack.use(new WebSocketEndpoint({ ...shared, ...sockets, operations, access, rate }));
  const yoga = createYogaHandler(shared);
  const queries = new QueryAnswers({ yoga, maxBodyBytes });
  const sse = stack.use(new SseEndpoint({ operations, queries, maxBodyBytes, stallMs: timeouts.stallMs, format }));
  const gate = {
    origins: new Origins({
      allowed: http.corsOrigins,
      trustProxy,
      onStranger: (origin) => log.warn({ origin }, STRANGER),
    }),
    connections: new ConnectionCount(limits.connections, limits.connectionsPerAddress),
    addressOf: addressReader(trustProxy),
  };
  const graphiql = http.graphiql ? graphiqlPage(exampleId) : null;
  const graphql = new GraphqlEndpoint({ ...gate, access, rate, sse, queries, graphiql, format });
  const routes = { graphql, websocket, webhook: createWebhook(config, registry), page: createPage(), metrics };
  const server = stack.use(new HttpServer({ ...gate, ...routes, readiness, timeouts, onUnforeseen }));
  return { server, parts: [websocket, sse], operations, connections: gate.connections };
}

function createWebhook({ http, limits }: Config, registry: TaskRegistry): Webhook | null {
  if (http.webhookToken === null) return null;
  const hint = (ids: ReadonlySet<string>): void => {
    for (const watch of registry.watchedAmong(ids)) watch.hint();
  };
  return new Webhook({ token: http.webhookToken, maxBodyBytes: limits.bodyBytes, hint });
}

async function createAccess({ auth, upstream }: Config): Promise<Access> {
  if (auth.mode === 'passthrough') return new PassthroughAccess();
  if (upstream.token === null) throw new Error(`AUTH_MODE=${auth.mode} needs a token of the gateway's own`);
  if (auth.mode === 'open') return new OpenAccess(upstream.token);
  const { JwtAccess } = await import('./server/access/jwt-access.ts');
  const { jwtSecrets: secrets, jwksUrl, jwtIssuer: issuer, jwtAudience: audience } = auth;
  return new JwtAccess({ gatewayToken: upstream.token, secrets, jwksUrl, issuer, audience });
}
