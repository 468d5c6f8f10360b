import type { Cluster, SharedRateLimiter } from './cluster/contract.ts';
import { MemoryCluster } from './cluster/memory/memory-cluster.ts';
import { upstreamPrefix } from './cluster/redis/upstream-prefix.ts';
import type { Config } from './config.ts';
import type { Logger } from './observability/log.ts';
import { Metrics } from './observability/metrics.ts';
import { Readiness } from './observability/readiness.ts';
import { upstreamReporter } from './observability/upstream-reporter.ts';
import { SchedulerRegistry } from './scheduling/scheduler-registry.ts';
import { schema } from './schema/schema.ts';
import type { Authenticator } from './server/access/authenticator.ts';
import { OpenAuthenticator } from './server/access/open-authenticator.ts';
import { PassthroughAuthenticator } from './server/access/passthrough-authenticator.ts';
import { accessWarnings } from './server/access/warnings.ts';
import { graphiqlPage } from './server/graphiql/graphiql-page.ts';
import { DocumentStore } from './server/graphql/document-store.ts';
import { createErrorMasker } from './server/graphql/error-masking.ts';
import { GraphqlEndpoint } from './server/graphql/graphql-endpoint.ts';
import { OperationExecutor } from './server/graphql/operation-executor.ts';
import { ResponseCache } from './server/graphql/response-cache.ts';
import { createYogaHandler } from './server/graphql/yoga.ts';
import { clientIpResolver } from './server/http/client-address.ts';
import { HttpServer } from './server/http/http-server.ts';
import { OriginPolicy } from './server/http/origin-policy.ts';
import { Webhook } from './server/http/webhook.ts';
import { ConnectionLimiter } from './server/limits/connection-limiter.ts';
import { OperationRateLimiter } from './server/limits/operation-rate-limiter.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from './server/limits/timeouts.ts';
import { gracefulShutdown } from './server/shutdown/graceful-shutdown.ts';
import { StreamEndpoint } from './server/stream/stream-endpoint.ts';
import { createWatchPage } from './server/watch-page/watch-page.ts';
import { WebSocketEndpoint } from './server/websocket/websocket-endpoint.ts';
import { subscriptionTimeouts } from './task/task-observer.ts';
import { TaskRegistry } from './task/task-registry.ts';
import type { WatchState } from './task/watch-state.ts';
import { decodeWatchState, encodeWatchState } from './task/watch-state-codec.ts';
import { A2eClient } from './upstream/a2e-client.ts';

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
  /** How long clients are waited for; by default {@link DEFAULT_TIMEOUTS}. */
  readonly timeouts?: Timeouts;
}

/** What every part of one gateway is built from. */
interface SharedServices {
  readonly config: Config;
  readonly log: Logger;
  readonly timeouts: Timeouts;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly onUnexpectedError: (error: unknown) => void;
  /** Owns what is built; disposes of it in reverse. */
  readonly stack: AsyncDisposableStack;
}

/** Builds everything a configuration asks for, and listens. Rejects when the address cannot be had. */
export async function createGateway(
  config: Config,
  { log, exampleId = 'YOUR_TASK_ID', timeouts = DEFAULT_TIMEOUTS }: GatewayOptions,
): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  for (const warning of accessWarnings(config)) log.warn(warning);
  const onUnexpectedError = (error: unknown): void => log.error({ err: error }, 'unforeseen error');
  const cluster = stack.use(await createCluster(config, log));
  const readiness = new Readiness(() => cluster.health);
  const base: SharedServices = { config, log, timeouts, readiness, metrics: new Metrics(), onUnexpectedError, stack };
  const registry = stack.use(createRegistry(base, cluster));
  const { server, closables, operations, connections } = await createHttpStack(base, registry, cluster, exampleId);
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
      const idle = Promise.all([connections.idle(), server.idle()]);
      return gracefulShutdown({ graceMs: config.shutdownGraceMs, closables, idle });
    },
    [Symbol.asyncDispose]: async () => {
      readiness.phase = 'draining';
      await owned.disposeAsync();
    },
  };
}

/** The clients of Redis are loaded where they are needed: without them a process starts a third sooner. */
async function createCluster(
  { redis, upstream }: Config,
  logger: Logger,
): Promise<Cluster<WatchState> & SharedRateLimiter> {
  if (!redis) return new MemoryCluster<WatchState>();
  const { createRedisCluster } = await import('./cluster/redis/redis-cluster.ts');
  const prefix = upstreamPrefix({ ...redis, ...upstream });
  const codec = { encode: encodeWatchState, decode: decodeWatchState };
  const cluster = createRedisCluster<WatchState>({ ...redis, prefix, codec, logger });
  await cluster.ready;
  return cluster;
}

/** The heart: all watches, the lanes their calls pass, and the client they call. */
function createRegistry(
  { config, log, readiness, metrics, onUnexpectedError, stack }: SharedServices,
  cluster: Cluster<WatchState> & SharedRateLimiter,
): TaskRegistry {
  const { upstream, poll, redis } = config;
  const reporter = upstreamReporter(log, readiness, metrics);
  const { origin, timeoutMs, maxConcurrency, maxRps } = upstream;
  const source = stack.use(
    new A2eClient({ origin, timeoutMs, maxConnections: maxConcurrency, onEvent: reporter.onCall }),
  );
  const { intervalMs, maxIntervalMs, lingerMs, firstAnswerTimeoutMs: firstAnswerMs } = poll;
  const shared = redis ? cluster : undefined;
  const schedulers = stack.use(
    new SchedulerRegistry({ maxConcurrency, maxRps, intervalMs, shared, onEvent: reporter.onScheduler }),
  );
  const intervals = { intervalMs, maxIntervalMs };
  return new TaskRegistry({ source, cluster, schedulers, intervals, lingerMs, firstAnswerMs, onUnexpectedError });
}

interface HttpStack {
  readonly server: HttpServer;
  /** Those whose clients are told to go before the end. */
  readonly closables: readonly [WebSocketEndpoint, StreamEndpoint];
  readonly operations: OperationExecutor;
  readonly connections: ConnectionLimiter;
}

const REJECTED_ORIGIN = 'refused what a page of this origin asked: list it in CORS_ORIGINS if it may call';

/** Everything that touches sockets, on one port. */
async function createHttpStack(
  base: SharedServices,
  registry: TaskRegistry,
  cluster: Cluster<WatchState>,
  exampleId: string,
): Promise<HttpStack> {
  const { config, log, timeouts, readiness, metrics, onUnexpectedError, stack } = base;
  const { http, limits, poll } = config;
  const { introspection, trustedDocuments: trustedPath, trustProxy } = http;
  const documents = new DocumentStore({ schema, limits, introspection, trustedPath });
  const maskError = createErrorMasker(onUnexpectedError);
  const subscriptions = subscriptionTimeouts(poll.intervalMs, poll.firstAnswerTimeoutMs);
  const shared = { schema, documents, registry, maxIds: limits.ids, maskError, onUnexpectedError };
  const executing = { ...shared, timeouts: subscriptions };
  const executor = new OperationExecutor(executing);
  const maxBodyBytes = limits.bodyBytes;
  const authenticator = await createAuthenticator(config);
  const rate = new OperationRateLimiter(limits.operationsPerSecond);
  const sockets = { maxSubscriptions: limits.subscriptionsPerConnection, maxFrameBytes: maxBodyBytes, timeouts };
  const websocket = stack.use(
    new WebSocketEndpoint({ ...shared, ...sockets, operations: executor, access: authenticator, rate }),
  );
  const yoga = createYogaHandler(executing);
  const queries = new ResponseCache({ yoga, maxBodyBytes });
  const streams = stack.use(
    new StreamEndpoint({ executor, queries, maxBodyBytes, stallMs: timeouts.stallMs, maskError }),
  );
  const gate = {
    origins: new OriginPolicy({
      allowed: http.corsOrigins,
      trustProxy,
      onRejectedOrigin: (origin) => log.warn({ origin }, REJECTED_ORIGIN),
    }),
    connections: new ConnectionLimiter(limits.connections, limits.connectionsPerAddress),
    clientIp: clientIpResolver(trustProxy),
  };
  const graphiql = http.graphiql ? graphiqlPage(exampleId) : null;
  const graphql = new GraphqlEndpoint({ ...gate, access: authenticator, rate, streams, queries, graphiql, maskError });
  const routes = {
    graphql,
    websocket,
    webhook: createWebhook(config, registry, cluster),
    page: createWatchPage(),
    metrics,
  };
  const server = stack.use(new HttpServer({ ...gate, ...routes, readiness, timeouts, onUnexpectedError }));
  return { server, closables: [websocket, streams], operations: executor, connections: gate.connections };
}

function createWebhook({ http, limits }: Config, registry: TaskRegistry, cluster: Cluster<WatchState>): Webhook | null {
  const invalidateHere = (ids: ReadonlySet<string>): void => {
    for (const watch of registry.activeWatches(ids)) watch.invalidate();
  };
  // Another gateway may have a webhook token when this gateway has none.
  cluster.onInvalidate(invalidateHere);
  if (http.webhookToken === null) return null;
  const invalidate = (ids: ReadonlySet<string>): void => {
    invalidateHere(ids);
    void cluster.invalidate(ids);
  };
  return new Webhook({ token: http.webhookToken, maxBodyBytes: limits.bodyBytes, invalidate });
}

async function createAuthenticator({ auth, upstream }: Config): Promise<Authenticator> {
  if (auth.mode === 'passthrough') return new PassthroughAuthenticator();
  if (upstream.token === null) throw new Error(`AUTH_MODE=${auth.mode} needs a token of the gateway's own`);
  if (auth.mode === 'open') return new OpenAuthenticator(upstream.token);
  const { JwtAuthenticator } = await import('./server/access/jwt-authenticator.ts');
  const { jwtSecrets: secrets, jwksUrl, jwtIssuer: issuer, jwtAudience: audience } = auth;
  return new JwtAuthenticator({ gatewayToken: upstream.token, secrets, jwksUrl, issuer, audience });
}
