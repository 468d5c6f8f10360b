import type { Cluster, SharedRateLimiter } from './cluster/contract.ts';
import { MemoryCluster } from './cluster/memory/memory-cluster.ts';
import type { Config } from './config.ts';
import type { Logger } from './observability/log.ts';
import { Metrics } from './observability/metrics.ts';
import { OutageLog } from './observability/outage-log.ts';
import { Readiness } from './observability/readiness.ts';
import { upstreamReporter } from './observability/upstream-reporter.ts';
import { SchedulerRegistry } from './scheduling/scheduler-registry.ts';
import { schema } from './schema/schema.ts';
import type { Authenticator } from './server/access/authenticator.ts';
import type { KeySet } from './server/access/key-set.ts';
import { OpenAuthenticator } from './server/access/open-authenticator.ts';
import { PassthroughAuthenticator } from './server/access/passthrough-authenticator.ts';
import { accessWarnings } from './server/access/warnings.ts';
import { graphiqlPage } from './server/graphiql/graphiql-page.ts';
import { DocumentStore } from './server/graphql/document-store.ts';
import { createErrorMasker } from './server/graphql/error-masking.ts';
import { OperationExecutor } from './server/graphql/operation-executor.ts';
import { QueryHandler } from './server/graphql/query-handler.ts';
import { createYogaHandler } from './server/graphql/yoga.ts';
import { clientIpResolver } from './server/http/client-address.ts';
import { hostPolicy } from './server/http/host-policy.ts';
import { OriginPolicy } from './server/http/origin-policy.ts';
import { Webhook } from './server/http/webhook.ts';
import { Admission } from './server/limits/admission.ts';
import { ConnectionLimiter } from './server/limits/connection-limiter.ts';
import { EventLoopQueue } from './server/limits/event-loop-queue.ts';
import { OperationRateLimiter } from './server/limits/operation-rate-limiter.ts';
import { SocketLimiter } from './server/limits/socket-limiter.ts';
import { DEFAULT_TIMEOUTS, type Timeouts } from './server/limits/timeouts.ts';
import { AdminServer } from './server/routing/admin-server.ts';
import { GraphqlEndpoint } from './server/routing/graphql-endpoint.ts';
import { HttpServer } from './server/routing/http-server.ts';
import { gracefulShutdown } from './server/shutdown/graceful-shutdown.ts';
import { StreamEndpoint } from './server/stream/stream-endpoint.ts';
import { createWatchPage, type ExampleTask } from './server/watch-page/watch-page.ts';
import { WebSocketEndpoint } from './server/websocket/websocket-endpoint.ts';
import { subscriptionTimeouts } from './task/task-observer.ts';
import { TaskRegistry } from './task/task-registry.ts';
import type { WatchState } from './task/watch-state.ts';
import { decodeWatchState, encodeWatchState } from './task/watch-state-codec.ts';
import { A2eClient } from './upstream/a2e-client.ts';
import { proxyAgent } from './upstream/proxy.ts';

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
  /** The same of `ADMIN_PORT`; null: there is no second listener. */
  readonly adminUrl: string | null;
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
  /** The tasks that the watch page offers; by default none. */
  readonly exampleTasks?: readonly ExampleTask[];
  /** How long clients are waited for; by default {@link DEFAULT_TIMEOUTS}. */
  readonly timeouts?: Timeouts;
  /** Log lines that could not be written since the start; absent: none are ever dropped. */
  readonly droppedLogLines?: () => number;
}

/** What every part of one gateway is built from. */
interface SharedServices {
  readonly config: Config;
  readonly log: Logger;
  readonly outages: { readonly upstream: OutageLog; readonly keySet: OutageLog | null };
  readonly timeouts: Timeouts;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly onUnexpectedError: (error: unknown) => void;
  /** Owns what is built; disposes of it in reverse. */
  readonly stack: AsyncDisposableStack;
}

interface ServiceOptions {
  readonly log: Logger;
  readonly timeouts: Timeouts;
  readonly cluster: Cluster<WatchState>;
  readonly stack: AsyncDisposableStack;
}

function createServices(config: Config, { log, timeouts, cluster, stack }: ServiceOptions): SharedServices {
  const outages = {
    upstream: new OutageLog({ log, name: 'A2E', awayAfterMs: config.poll.intervalMs }),
    keySet: config.auth.jwksUrl === null ? null : new OutageLog({ log, name: 'key set', awayAfterMs: 0 }),
  };
  const readiness = new Readiness(() => cluster.health, outages);
  const onUnexpectedError = (error: unknown): void => log.error({ err: error }, 'unexpected error');
  return { config, log, outages, timeouts, readiness, metrics: new Metrics(), onUnexpectedError, stack };
}

/** Builds everything a configuration asks for, and listens. Rejects when the address cannot be had. */
export async function createGateway(
  config: Config,
  {
    log,
    exampleId = 'YOUR_TASK_ID',
    exampleTasks = [],
    timeouts = DEFAULT_TIMEOUTS,
    droppedLogLines = () => 0,
  }: GatewayOptions,
): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  for (const warning of accessWarnings(config)) log.warn(warning);
  const cluster = stack.use(await createCluster(config, log));
  const base = createServices(config, { log, timeouts, cluster, stack });
  const registry = stack.use(createRegistry(base, cluster));
  const { server, closables, executor, connections } = await createHttpStack(base, registry, {
    exampleId,
    exampleTasks,
  });
  const { port } = await server.listen(config.port, config.host);
  const adminPort = await listenForAdmin(base);
  const { readiness } = base;
  readiness.phase = 'ready';
  const counts = (): GatewayCounts => ({
    watches: registry.watchedCount,
    liveResults: executor.liveCount,
    connections: connections.open,
  });
  base.metrics.observe({ readiness, counts, droppedLogLines });
  const owned = stack.move();
  return {
    url: urlOf(config.host, port),
    adminUrl: adminPort === null ? null : urlOf(config.host, adminPort),
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

function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** The real port of the second listener; null: none is configured. */
async function listenForAdmin({ config, stack, ...options }: SharedServices): Promise<number | null> {
  if (config.adminPort === null) return null;
  return stack.use(new AdminServer(options)).listen(config.adminPort, config.host);
}

/** The clients of Redis are loaded where they are needed: without them a process starts a third sooner. */
async function createCluster({ redis }: Config, logger: Logger): Promise<Cluster<WatchState> & SharedRateLimiter> {
  if (!redis) return new MemoryCluster<WatchState>();
  const { createRedisCluster } = await import('./cluster/redis/redis-cluster.ts');
  const codec = { encode: encodeWatchState, decode: decodeWatchState };
  const cluster = createRedisCluster<WatchState>({ ...redis, codec, logger });
  await cluster.ready;
  return cluster;
}

/** The heart: all watches, the lanes their calls pass, and the client they call. */
function createRegistry(
  { config, log, outages, readiness, metrics, onUnexpectedError, stack }: SharedServices,
  cluster: Cluster<WatchState> & SharedRateLimiter,
): TaskRegistry {
  const { upstream, poll, redis } = config;
  const reporter = upstreamReporter(log, outages.upstream, readiness, metrics);
  const { origin, timeoutMs, maxConcurrency, maxRps } = upstream;
  const source = stack.use(
    new A2eClient({
      origin,
      timeoutMs,
      maxConnections: maxConcurrency,
      proxy: config.proxy,
      onEvent: reporter.onCall,
    }),
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
  readonly executor: OperationExecutor;
  readonly connections: ConnectionLimiter;
}

const REJECTED_ORIGIN = 'refused what a page of this origin asked: list it in CORS_ORIGINS if it may call';

type Examples = Required<Pick<GatewayOptions, 'exampleId' | 'exampleTasks'>>;

/** The transports, and the path from text to result that they share. */
async function createTransports(base: SharedServices, registry: TaskRegistry) {
  const { config, timeouts, onUnexpectedError, stack } = base;
  const { http, limits, poll } = config;
  const { introspection, trustedDocuments: trustedPath } = http;
  const documents = new DocumentStore({ schema, limits, introspection, trustedPath });
  const maskError = createErrorMasker(onUnexpectedError);
  const subscriptions = subscriptionTimeouts(poll.intervalMs, poll.firstAnswerTimeoutMs);
  const [admission, queue] = [new Admission(), new EventLoopQueue()];
  const reading = { registry, timeouts: subscriptions, admission };
  const executor = new OperationExecutor({ schema, documents, limits, queue, maskError, ...reading });
  const maxBodyBytes = limits.bodyBytes;
  const authenticator = await createAuthenticator(base);
  const rate = new OperationRateLimiter(limits.operationsPerSecond);
  const gates = { authenticator, rate, admission, maskError };
  const sockets = { maxSubscriptions: limits.subscriptionsPerConnection, maxFrameBytes: maxBodyBytes, timeouts };
  const websocket = stack.use(
    new WebSocketEndpoint({ ...sockets, ...gates, schema, executor, queue, onUnexpectedError }),
  );
  const queries = new QueryHandler({ yoga: createYogaHandler({ executor, maskError }), maxBodyBytes });
  const { stallMs } = timeouts;
  const streams = stack.use(new StreamEndpoint({ executor, queries, maxBodyBytes, stallMs, maskError }));
  return { ...gates, maxBodyBytes, executor, websocket, queries, streams };
}

/** Everything that touches sockets, on one port. */
async function createHttpStack(base: SharedServices, registry: TaskRegistry, examples: Examples): Promise<HttpStack> {
  const { config, log, timeouts, readiness, metrics, onUnexpectedError, stack } = base;
  const { http, limits } = config;
  const { trustProxy } = http;
  const { executor, websocket, ...serving } = await createTransports(base, registry);
  const gate = {
    origins: new OriginPolicy({
      allowed: http.corsOrigins,
      trustProxy,
      onRejectedOrigin: (origin) => log.warn({ origin }, REJECTED_ORIGIN),
    }),
    connections: new ConnectionLimiter(limits.connections, trustProxy ? limits.connectionsPerAddress : null),
    // Behind a proxy all TCP connections are the proxy's.
    sockets: new SocketLimiter(trustProxy ? null : limits.connectionsPerAddress),
    clientIp: clientIpResolver(trustProxy),
  };
  const graphiql = http.graphiql ? graphiqlPage(examples.exampleId) : null;
  const graphql = new GraphqlEndpoint({ ...gate, ...serving, graphiql });
  const page = createWatchPage(examples.exampleTasks);
  const routes = { graphql, websocket, webhook: createWebhook(config, registry), page };
  const access = { allowsHost: hostPolicy(http.allowedHosts), metrics: config.adminPort === null ? metrics : null };
  const server = stack.use(new HttpServer({ ...gate, ...routes, ...access, readiness, timeouts, onUnexpectedError }));
  return { server, closables: [websocket, serving.streams], executor, connections: gate.connections };
}

function createWebhook({ http, limits }: Config, registry: TaskRegistry): Webhook | null {
  if (http.webhookToken === null) return null;
  const invalidate = (ids: ReadonlySet<string>): void => {
    for (const watch of registry.activeWatches(ids)) watch.invalidate();
  };
  return new Webhook({ token: http.webhookToken, maxBodyBytes: limits.bodyBytes, invalidate });
}

async function createAuthenticator(base: SharedServices): Promise<Authenticator> {
  const { config } = base;
  const { auth, upstream } = config;
  if (auth.mode === 'passthrough') return new PassthroughAuthenticator();
  if (upstream.token === null) throw new Error(`AUTH_MODE=${auth.mode} needs a token of the gateway's own`);
  if (auth.mode === 'open') return new OpenAuthenticator(upstream.token);
  const { JwtAuthenticator } = await import('./server/access/jwt-authenticator.ts');
  const { jwtSecrets: secrets, jwksUrl, jwtIssuer: issuer, jwtAudience: audience } = auth;
  const keySet = jwksUrl === null ? null : await createKeySet(base, jwksUrl);
  return new JwtAuthenticator({ gatewayToken: upstream.token, secrets, keySet, issuer, audience });
}

async function createKeySet({ config, outages, stack }: SharedServices, url: string): Promise<KeySet> {
  const { KeySet } = await import('./server/access/key-set.ts');
  const { keySet: outage } = outages;
  return new KeySet({
    url,
    dispatcher: config.proxy ? stack.adopt(proxyAgent(config.proxy), (agent) => agent.destroy()) : undefined,
    onEvent: (event) => {
      if (event.kind === 'fetched') outage?.succeeded();
      else outage?.failed(event.reason);
    },
  });
}
