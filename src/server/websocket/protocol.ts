import type { Context } from '@opentelemetry/api';
import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { CloseCode, makeServer, type Server } from 'graphql-ws';
import { TooManySubscriptions, Unauthenticated, UpstreamUnavailable } from '../../errors.ts';
import { isJsonObject } from '../../json-object.ts';
import type { ClientCounts } from '../../live/client-counts.ts';
import { EncodedResult } from '../../live/encoded-result.ts';
import { Subscriber } from '../../live/subscriber.ts';
import type { RequestTracer } from '../../observability/tracing/request-tracer.ts';
import { toGraphQLError } from '../../schema/graphql-errors.ts';
import type { Authenticator, Caller } from '../access/authenticator.ts';
import { webSocketAuthorization } from '../access/bearer-token.ts';
import { clientOf } from '../access/client.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { Operation } from '../graphql/operation.ts';
import type { OperationExecutor } from '../graphql/operation-executor.ts';
import { parseOperationParams } from '../graphql/operation-params.ts';
import type { Admission } from '../limits/admission.ts';
import type { OperationRateLimiter } from '../limits/operation-rate-limiter.ts';
import type { Refusals } from '../limits/refusals.ts';
import { CompletedWithErrors, CompletionIterator } from './completion-iterator.ts';
import { type ConnectionState, releaseConnection } from './connection-state.ts';
import { detachPayload, type SubscribePayload } from './message.ts';
import { WebSocketSink } from './web-socket-sink.ts';

export interface ProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly executor: OperationExecutor;
  readonly authenticator: Authenticator;
  /** `MAX_SUBSCRIPTIONS_PER_CONNECTION` */
  readonly maxSubscriptions: number;
  readonly rate: OperationRateLimiter;
  readonly admission: Admission;
  /** How long a client may take to send `connection_init`, in ms. */
  readonly connectionInitMs: number;
  /** The error that a caller may see. */
  readonly maskError: (error: unknown) => GraphQLFormattedError;
  readonly refusals: Refusals;
  /** The counts of all WebSockets. */
  readonly clients: ClientCounts;
  readonly tracer: RequestTracer;
}

/** The close code for a passing failure (RFC 6455's registry): clients of graphql-ws connect again. */
const TRY_AGAIN_LATER = 1013;

/** The options, with the error for one subscription too many. */
interface PrepareOptions extends ProtocolOptions {
  readonly tooMany: readonly GraphQLError[];
}

type ConnectionParams = Record<string, unknown>;

/** graphql-ws retains it for the socket's lifetime. */
interface ProtocolContext {
  readonly extra: ConnectionState;
  connectionParams?: Readonly<ConnectionParams> | undefined;
}

/** The operation travels through graphql-ws as the context value; it runs when graphql-ws calls execute or subscribe. */
interface PendingOperation {
  readonly peer: ConnectionState;
  readonly id: string;
  readonly operation: Operation;
}

/**
 * The `graphql-transport-ws` server of graphql-ws: init, ack, ping, subscribe, complete, limits. Results are written past
 * it, straight to the socket; graphql-ws learns only that an operation has ended.
 */
export function createProtocolServer(options: ProtocolOptions): Server<ConnectionState> {
  // Built once: an error per rejected subscribe would capture a stack trace each.
  const { maxSubscriptions } = options;
  const tooMany = [
    toGraphQLError(new TooManySubscriptions(`At most ${maxSubscriptions} subscriptions on one connection`)),
  ];
  const preparing = { ...options, tooMany };
  const run = (args: ExecutionArgs): CompletionIterator => {
    const { contextValue } = args;
    // graphql-ws retains the arguments for the operation's lifetime.
    args.contextValue = null;
    return begin(contextValue as PendingOperation, options);
  };
  return makeServer<ConnectionParams, ConnectionState>({
    execute: run,
    subscribe: run,
    connectionInitWaitTimeout: options.connectionInitMs,
    onConnect: (conversation) => connect(conversation, options),
    onSubscribe: ({ extra }, id, payload) =>
      prepare(extra, id, detachPayload(payload as unknown as SubscribePayload), preparing),
    onError: (_conversation, _id, _payload, errors) => errors.flatMap((error) => toClientErrors(error, options)),
    onClose: ({ extra }) => releaseConnection(extra),
  });
}

async function connect(conversation: ProtocolContext, options: ProtocolOptions): Promise<boolean> {
  const { extra } = conversation;
  const { socket } = extra;
  const authorization = webSocketAuthorization(conversation.connectionParams, extra.authorization);
  const params = conversation.connectionParams;
  if (params && 'traceparent' in params) extra.parent = options.tracer.parentOf(params);
  conversation.connectionParams = undefined;
  extra.authorization = undefined;
  try {
    const caller = { ...(await options.authenticator.authenticate(authorization)), address: extra.address };
    if (socket.readyState !== socket.OPEN) return false;
    extra.caller = caller;
    extra.stopExpiry = onExpiry(caller.expiresAt, () => expire(extra, options));
    return true;
  } catch (error) {
    if (error instanceof UpstreamUnavailable) socket.close(TRY_AGAIN_LATER, 'Try again later');
    else if (!(error instanceof Unauthenticated)) throw error;
    else options.refusals.add('unauthenticated');
    return false;
  }
}

/** Ends all operations with an error, then the connection, so that the client reconnects with a fresh token. */
function expire({ socket, running }: ConnectionState, { maskError }: ProtocolOptions): void {
  const errors = [maskError(expired())];
  for (const iterator of running) iterator.expire(errors);
  // The errors are written within this iteration of the event loop.
  setImmediate(() => socket.close(CloseCode.Forbidden, 'Token expired'));
}

function prepare(
  peer: ConnectionState,
  id: string,
  request: SubscribePayload,
  options: PrepareOptions,
): readonly GraphQLError[] | Promise<readonly GraphQLError[] | ExecutionArgs> {
  if (!peer.caller) return [toGraphQLError(new Unauthenticated('The connection is not acknowledged'))];
  if (peer.running.size >= options.maxSubscriptions) {
    options.refusals.add('subscriptions');
    return options.tooMany;
  }
  const preparation = prepareFor(peer, peer.caller, id, request, options);
  // The socket's next message waits: a `complete` for this id, or a second `subscribe` with it, would come too early.
  const settled = preparation.then(noop, noop).then(() => {
    if (peer.preparing === settled) peer.preparing = null;
  });
  peer.preparing = settled;
  return preparation;
}

const noop = (): void => {};

async function prepareFor(
  peer: ConnectionState,
  caller: Caller,
  id: string,
  request: SubscribePayload,
  { schema, executor, rate, admission, tracer }: PrepareOptions,
): Promise<readonly GraphQLError[] | ExecutionArgs> {
  const refusal = (await rate.take(caller, peer.address)) ?? admission.refusalOf(caller);
  if (refusal) return [toGraphQLError(refusal)];
  const params = parseOperationParams(request);
  if (params instanceof GraphQLError) return [params];
  const client = clientOf(caller, peer.address, tracer.begin('websocket', 'GET', parentOf(peer, request, tracer)));
  const prepared = await executor.prepare(params, client);
  if (prepared.kind === 'rejected') {
    executor.onRejected(prepared, client);
    return prepared.errors;
  }
  // A socket that has closed meanwhile has released its operations already: an operation begun now would never end.
  if (peer.socket.readyState !== peer.socket.OPEN) return [CONNECTION_CLOSED];
  const { operation } = prepared;
  const { document } = operation.prepared;
  return { schema, document, contextValue: { peer, id, operation } satisfies PendingOperation };
}

/** The `traceparent` in the `extensions` of the operation, else the one of its connection. */
function parentOf(
  { parent }: ConnectionState,
  { extensions }: SubscribePayload,
  tracer: RequestTracer,
): Context | null {
  return isJsonObject(extensions) && 'traceparent' in extensions ? tracer.parentOf(extensions) : parent;
}

const CONNECTION_CLOSED = new GraphQLError('The connection is closed');

function begin({ peer, id, operation }: PendingOperation, { executor, clients }: ProtocolOptions): CompletionIterator {
  const iterator = new CompletionIterator(peer.running);
  const counts = operation.kind === 'subscription' ? clients : undefined;
  const subscriber = new Subscriber(new WebSocketSink(peer, id, iterator), peer.writer, counts);
  if (operation.kind === 'subscription') {
    iterator.onStop(executor.subscribe(operation, subscriber));
  } else {
    const disconnect = new AbortController();
    iterator.onStop(() => {
      subscriber.close();
      disconnect.abort();
    });
    void runQuery(operation, executor, subscriber, disconnect.signal);
  }
  return iterator;
}

async function runQuery(
  operation: Operation,
  executor: OperationExecutor,
  subscriber: Subscriber,
  signal: AbortSignal,
): Promise<void> {
  subscriber.next(EncodedResult.of(await executor.execute(operation, { signal })));
  subscriber.end(null);
}

function toClientErrors(error: GraphQLError, { maskError }: ProtocolOptions): readonly GraphQLFormattedError[] {
  return error.cause instanceof CompletedWithErrors ? error.cause.errors : [maskError(error)];
}
