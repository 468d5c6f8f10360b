import type { Cluster, SharedBudget } from './cluster/contract.ts';
import { MemoryCluster } from './cluster/memory-cluster.ts';
import { createRedisCluster } from './cluster/redis-cluster.ts';
import type { Config } from './config.ts';
import type { Logger } from './log.ts';
import { schema } from './schema/schema.ts';
import type { Access } from './server/access/caller.ts';
import { JwtAccess } from './server/access/jwt-access.ts';
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
import { type UpstreamReporter, upstreamReporter } from './upstream-reporter.ts';

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

/** Builds everything a configuration asks for, and listens. Rejects when the address cannot be had. */
export async function createGateway(
  config: Config,
  { log, exampleId = 'YOUR_TASK_ID', timeouts = TIMEOUTS }: GatewayOptions,
): Promise<Gateway> {
  await using stack = new AsyncDisposableStack();
  const onUnforeseen = (error: unknown): void => log.error({ err: error }, 'unforeseen error');
  const cluster = stack.use(await createCluster(config, log));
  const readiness = new Readiness(() => cluster.health);
  const metrics = new Metrics();
  const reporter = upstreamReporter(log, readiness, metrics);
  const registry = stack.use(createRegistry(config, cluster, reporter, stack));
  const format = createErrorFormat(onUnforeseen);
  const patience = patienceFor(config.poll.intervalMs, config.poll.firstAnswerTimeoutMs);
  const { introspection, trustedDocuments: trustedPath } = config.http;
  const documents = new Documents({ schema, limits: config.limits, introspection, trustedPath });
  const shared = { schema, documents, registry, patience, maxIds: config.limits.ids, format, onUnforeseen };
  const operations = new Operations(shared);
  const access = createAccess(config);
  for (const warning of accessWarnings(config)) log.warn(warning);
  const origins = new Origins(config.http.corsOrigins, config.http.trustProxy);
  const connections = new ConnectionCount(config.limits.connections, config.limits.connectionsPerAddress);
  const addressOf = addressReader(config.http.trustProxy);
  const rate = new OperationRate(config.limits.operationsPerSecond);
  const { bodyBytes } = config.limits;
  const sse = stack.use(new SseEndpoint({ operations, maxBodyBytes: bodyBytes, stallMs: timeouts.stallMs, format }));
  const websocket = stack.use(
    new WebSocketEndpoint({
      schema,
      operations,
      access,
      maxSubscriptions: config.limits.subscriptionsPerConnection,
      maxFrameBytes: bodyBytes,
      rate,
      timeouts,
      format,
      onUnforeseen,
    }),
  );
  const yoga = createYogaHandler({ ...shared, maxBodyBytes: bodyBytes });
  const queries = new QueryAnswers({ yoga, intervalMs: config.poll.intervalMs, maxBodyBytes: bodyBytes });
  const graphiql = config.http.graphiql ? graphiqlPage(exampleId) : null;
  const graphql = new GraphqlEndpoint({
    access,
    origins,
    connections,
    addressOf,
    rate,
    sse,
    queries,
    graphiql,
    format,
  });
  const page = createPage();
  const server = stack.use(
    new HttpServer({
      graphql,
      websocket,
      webhook: createWebhook(config, registry),
      connections,
      origins,
      page,
      readiness,
      metrics,
      addressOf,
      timeouts,
      onUnforeseen,
    }),
  );
  const { port } = await server.listen(config.port, config.host);
  readiness.phase = 'ready';
  const counts = (): GatewayCounts => ({
    watches: registry.watchedCount,
    liveResults: operations.liveCount,
    connections: connections.open,
  });
  metrics.observe({
    readiness,
    watches: () => counts().watches,
    liveResults: () => counts().liveResults,
    connections: () => counts().connections,
  });
  const owned = stack.move();
  return {
    url: `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`,
    counts,
    drain: () => {
      readiness.phase = 'draining';
      const quiet = Promise.all([connections.none(), server.idle()]);
      return drain({ graceMs: config.shutdownGraceMs, parts: [websocket, sse], quiet });
    },
    [Symbol.asyncDispose]: async () => {
      readiness.phase = 'draining';
      await owned.disposeAsync();
    },
  };
}

async function createCluster({ redis }: Config, log: Logger): Promise<Cluster<WatchState> & SharedBudget> {
  if (!redis) return new MemoryCluster<WatchState>();
  const cluster = createRedisCluster<WatchState>({
    url: redis.url,
    prefix: redis.prefix,
    codec: { encode: encodeWatchState, decode: decodeWatchState },
    logger: log,
  });
  await cluster.ready;
  return cluster;
}

function createRegistry(
  { upstream, poll, redis }: Config,
  cluster: Cluster<WatchState> & SharedBudget,
  reporter: UpstreamReporter,
  stack: AsyncDisposableStack,
): TaskRegistry {
  const source = stack.use(
    new A2eClient({
      origin: upstream.origin,
      timeoutMs: upstream.timeoutMs,
      maxConnections: upstream.maxConcurrency,
      onEvent: reporter.onCall,
    }),
  );
  const { maxConcurrency, maxRps } = upstream;
  const shared = redis ? cluster : undefined;
  const lanes = stack.use(
    new CallLanes({ maxConcurrency, maxRps, intervalMs: poll.intervalMs, shared, onEvent: reporter.onLane }),
  );
  const { intervalMs, maxIntervalMs, lingerMs } = poll;
  return new TaskRegistry({ source, cluster, lanes, pace: { intervalMs, maxIntervalMs }, lingerMs });
}

function createWebhook({ http, limits }: Config, registry: TaskRegistry): Webhook | null {
  if (http.webhookToken === null) return null;
  const hint = (ids: ReadonlySet<string>): void => {
    for (const id of ids) for (const watch of registry.watchedBy(id)) watch.hint();
  };
  return new Webhook({ token: http.webhookToken, maxBodyBytes: limits.bodyBytes, hint });
}

function createAccess({ auth, upstream }: Config): Access {
  if (auth.mode === 'passthrough') return new PassthroughAccess();
  if (upstream.token === null) throw new Error(`AUTH_MODE=${auth.mode} needs a token of the gateway's own`);
  if (auth.mode === 'open') return new OpenAccess(upstream.token);
  const { jwtSecrets: secrets, jwksUrl, jwtIssuer: issuer, jwtAudience: audience } = auth;
  return new JwtAccess({ gatewayToken: upstream.token, secrets, jwksUrl, issuer, audience });
}
