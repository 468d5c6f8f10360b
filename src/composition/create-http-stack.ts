import { logIds } from '../observability/log-ids.ts';
import { LogLimiter } from '../observability/log-limiter.ts';
import { AccessLog } from '../server/access-log/access-log.ts';
import { graphiqlPage } from '../server/graphiql/graphiql-page.ts';
import type { OperationExecutor } from '../server/graphql/operation-executor.ts';
import { clientIpResolver } from '../server/http/client-address.ts';
import { type HostPolicy, hostPolicy } from '../server/http/host-policy.ts';
import { OriginPolicy } from '../server/http/origin-policy.ts';
import type { Admission } from '../server/limits/admission.ts';
import { ConnectionLimiter } from '../server/limits/connection-limiter.ts';
import { createRequestAdmission } from '../server/limits/create-request-admission.ts';
import type { Refusals } from '../server/limits/refusals.ts';
import { SocketLimiter } from '../server/limits/socket-limiter.ts';
import { WebhookRateLimiter } from '../server/limits/webhook-rate-limiter.ts';
import { GraphqlEndpoint } from '../server/routing/graphql-endpoint.ts';
import { HttpServer } from '../server/routing/http-server.ts';
import type { StreamEndpoint } from '../server/stream/stream-endpoint.ts';
import { createWatchPage, type ExampleTask } from '../server/watch-page/watch-page.ts';
import type { WebSocketEndpoint } from '../server/websocket/websocket-endpoint.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import { createTransports } from './create-transports.ts';
import { createWebhook } from './create-webhook.ts';
import type { SharedServices } from './shared-services.ts';

/** The listener on the first port, and the parts that the gateway counts and drains. */
export interface HttpStack {
  readonly server: HttpServer;
  /** The parts with clients that a graceful shutdown closes. */
  readonly closables: readonly [WebSocketEndpoint, StreamEndpoint];
  readonly executor: OperationExecutor;
  readonly connections: ConnectionLimiter;
  readonly admission: Admission;
}

const REJECTED_ORIGIN = 'refused what a page of this origin asked: list it in CORS_ORIGINS if it may call';

/** The pages of the first port. */
export interface FirstPortOptions {
  /** The id in GraphiQL's first operation. */
  readonly exampleId: string;
  /** The tasks that the watch page offers. */
  readonly exampleTasks: readonly ExampleTask[];
  /** The operator page is there too. */
  readonly statusOnFirstPort: boolean;
}

/** Builds the listener of the first port, with every part behind it. */
export async function createHttpStack(
  base: SharedServices,
  registry: TaskRegistry,
  { exampleId, exampleTasks, statusOnFirstPort }: FirstPortOptions,
): Promise<HttpStack> {
  const { config, cluster, log, timeouts, readiness, metrics, onUnexpectedError, stack, tracing } = base;
  const { refusals } = base.tallies;
  const { http, limits } = config;
  const { trustProxy } = http;
  const clientIp = clientIpResolver(trustProxy);
  const accessLog = new AccessLog(log, clientIp);
  const { executor, websocket, queue, ...serving } = await createTransports(base, registry, accessLog);
  const rejections = new LogLimiter();
  const callerPolicy = {
    origins: new OriginPolicy({
      allowed: http.corsOrigins,
      trustProxy,
      onRejectedOrigin: (origin, request) => {
        refusals.add('origin');
        rejections.add(origin, (fields) => log.warn({ origin, ...logIds(request), ...fields }, REJECTED_ORIGIN));
      },
    }),
    connections: new ConnectionLimiter(limits.connections, trustProxy ? limits.connectionsPerAddress : null, refusals),
    // Behind a proxy all TCP connections come from the proxy.
    sockets: new SocketLimiter(trustProxy ? null : limits.connectionsPerAddress, refusals),
    clientIp,
    accessLog,
  };
  const graphiql = http.graphiql ? graphiqlPage(exampleId) : null;
  const admit = createRequestAdmission({ ...callerPolicy, ...serving });
  const graphql = new GraphqlEndpoint({ ...callerPolicy, ...serving, admit, graphiql, tracer: tracing.requests });
  const page = createWatchPage(exampleTasks);
  const rate = new WebhookRateLimiter({ clientIp, refusals });
  const webhook = createWebhook(config, tracing.requests, registry, cluster, { admit, rate });
  const routes = { graphql, websocket, webhook, page, queue };
  const allowsHost = counted(hostPolicy(http.allowedHosts), refusals);
  const operator = {
    metrics: config.adminPort === null ? metrics : null,
    status: statusOnFirstPort ? base.status : null,
  };
  const server = stack.use(
    new HttpServer({ ...callerPolicy, ...routes, ...operator, allowsHost, readiness, timeouts, onUnexpectedError }),
  );
  const { streams, admission } = serving;
  // Disposed of before the server, which closes connections: a stream over HTTP/1.0 would end as if it were complete.
  stack.use(streams);
  return { server, closables: [websocket, streams], executor, connections: callerPolicy.connections, admission };
}

/** A host policy that counts the requests that it refuses. */
function counted(allows: HostPolicy, refusals: Refusals): HostPolicy {
  return (request) => {
    const isAllowed = allows(request);
    if (!isAllowed) refusals.add('host');
    return isAllowed;
  };
}
