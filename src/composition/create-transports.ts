import type { GraphQLSchema } from 'graphql';
import type { Config } from '../config.ts';
import { flushWrites } from '../live/stream-writer.ts';
import type { AccessLog } from '../server/access-log/access-log.ts';
import { DocumentStore } from '../server/graphql/document-store.ts';
import { createErrorMasker } from '../server/graphql/error-masking.ts';
import { OperationExecutor } from '../server/graphql/operation-executor.ts';
import { QueryHandler } from '../server/graphql/query-handler.ts';
import { createYogaHandler } from '../server/graphql/yoga.ts';
import { Admission } from '../server/limits/admission.ts';
import { EventLoopQueue } from '../server/limits/event-loop-queue.ts';
import { OperationRateLimiter } from '../server/limits/operation-rate-limiter.ts';
import { StreamEndpoint } from '../server/stream/stream-endpoint.ts';
import { WebSocketEndpoint } from '../server/websocket/websocket-endpoint.ts';
import { subscriptionTimeouts } from '../task/task-observer.ts';
import type { TaskRegistry } from '../task/task-registry.ts';
import { createAuthenticator } from './create-authenticator.ts';
import type { SharedServices } from './shared-services.ts';

/** The transports, and the path from text to result that they share. The caller disposes of `streams`. */
export async function createTransports(base: SharedServices, registry: TaskRegistry, accessLog: AccessLog) {
  const { config, timeouts, tallies, onUnexpectedError, stack, tracing } = base;
  const { refusals, clients, operations: counts } = tallies;
  const { http, limits, poll } = config;
  const { introspection, trustedDocuments: trustedPath } = http;
  const schema = await loadSchema(http);
  const documents = new DocumentStore({ schema, limits, introspection, trustedPath });
  const maskError = createErrorMasker(onUnexpectedError);
  const subscriptions = subscriptionTimeouts(poll.intervalMs, poll.firstAnswerTimeoutMs);
  const [admission, queue] = [new Admission(undefined, refusals), new EventLoopQueue(flushWrites)];
  const reading = { registry, timeouts: subscriptions, admission, refusals, served: tracing.served };
  const executor = new OperationExecutor({ schema, documents, limits, queue, maskError, counts, ...reading });
  const maxBodyBytes = limits.bodyBytes;
  const authenticator = await createAuthenticator(base);
  const rate = new OperationRateLimiter({
    perSecond: limits.operationsPerSecond,
    refusals,
    isVerified: ({ credential }) => credential.owner === 'gateway' || registry.isTokenAccepted(credential),
  });
  const gates = { authenticator, rate, admission, refusals, maskError };
  const sockets = { maxSubscriptions: limits.subscriptionsPerConnection, maxFrameBytes: maxBodyBytes, timeouts };
  const websocket = stack.use(
    new WebSocketEndpoint({
      ...sockets,
      ...gates,
      executor,
      queue,
      accessLog,
      clients: clients.websocket,
      tracer: tracing.requests,
      onUnexpectedError,
    }),
  );
  const queries = new QueryHandler({
    yoga: createYogaHandler({ executor, maskError }),
    executor,
    maxBodyBytes,
    counts,
  });
  const { stallMs } = timeouts;
  const streams = new StreamEndpoint({ executor, queries, maxBodyBytes, stallMs, maskError, clients, accessLog });
  return { ...gates, queue, maxBodyBytes, executor, websocket, queries, streams };
}

/** A subgraph's schema is built on demand, and only there: elsewhere its types do not exist. */
async function loadSchema({ subgraph }: Config['http']): Promise<GraphQLSchema> {
  if (subgraph) return (await import('../schema/subgraph.ts')).subgraphSchema;
  return (await import('../schema/schema.ts')).schema;
}
