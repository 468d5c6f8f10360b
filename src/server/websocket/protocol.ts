import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { CloseCode, makeServer, type Server } from 'graphql-ws';
import { TooManySubscriptions, Unauthenticated, UpstreamUnavailable } from '../../errors.ts';
import { Subscriber } from '../../live/subscriber.ts';
import { toGraphQLError } from '../../schema/graphql-errors.ts';
import type { Authenticator } from '../access/authenticator.ts';
import { authorizationOf } from '../access/bearer-token.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { Operation, OperationExecutor } from '../graphql/operation-executor.ts';
import { parseOperationParams } from '../graphql/operation-params.ts';
import type { OperationRateLimiter } from '../limits/operation-rate-limiter.ts';
import { CompletedWithErrors, CompletionIterator } from './completion-iterator.ts';
import { type ConnectionState, releaseConnection } from './connection-state.ts';
import { detachPayload, type SubscribePayload } from './message.ts';
import { WebSocketSink } from './web-socket-sink.ts';

export interface ProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly operations: OperationExecutor;
  readonly access: Authenticator;
  /** `MAX_SUBSCRIPTIONS_PER_CONNECTION` */
  readonly maxSubscriptions: number;
  readonly rate: OperationRateLimiter;
  /** How long a client may take to send `connection_init`, in ms. */
  readonly connectionInitMs: number;
  /** The client's view of an error; logs the errors that it masks. */
  readonly maskError: (error: unknown) => GraphQLFormattedError;
}

/** Close code of RFC 6455's registry for a passing condition; clients of graphql-ws connect again. */
const TRY_AGAIN_LATER = 1013;

/** With the prebuilt answer to a subscription above the limit. */
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
  // Built once, because constructing a GraphQLError per refused subscription would capture a stack trace each time.
  const { maxSubscriptions } = options;
  const tooMany = [
    toGraphQLError(new TooManySubscriptions(`At most ${maxSubscriptions} subscriptions on one connection`)),
  ];
  const preparing = { ...options, tooMany };
  const run = (args: ExecutionArgs): CompletionIterator => {
    const { contextValue } = args;
    // graphql-ws retains the arguments for the operation's lifetime.
    args.contextValue = null;
    return begin(contextValue as PendingOperation, options.operations);
  };
  return makeServer<ConnectionParams, ConnectionState>({
    execute: run,
    subscribe: run,
    connectionInitWaitTimeout: options.connectionInitMs,
    onConnect: (conversation) => connect(conversation, options),
    // graphql-ws passes the payload on as `parseMessage` returned it.
    onSubscribe: ({ extra }, id, payload) =>
      prepare(extra, id, detachPayload(payload as unknown as SubscribePayload), preparing),
    onError: (_conversation, _id, _payload, errors) => errors.flatMap((error) => toClientErrors(error, options)),
    onClose: ({ extra }) => releaseConnection(extra),
  });
}

async function connect(conversation: ProtocolContext, options: ProtocolOptions): Promise<boolean> {
  const { extra } = conversation;
  const { socket } = extra;
  const authorization = authorizationOf(conversation.connectionParams);
  conversation.connectionParams = undefined;
  try {
    const caller = await options.access.authenticate(authorization);
    if (socket.readyState !== socket.OPEN) return false;
    extra.caller = caller;
    extra.stopExpiry = onExpiry(caller.expiresAt, () => expire(extra, options));
    return true;
  } catch (error) {
    if (error instanceof UpstreamUnavailable) socket.close(TRY_AGAIN_LATER, 'Try again later');
    else if (!(error instanceof Unauthenticated)) throw error;
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

async function prepare(
  peer: ConnectionState,
  id: string,
  request: SubscribePayload,
  { schema, operations, maxSubscriptions, rate, tooMany }: PrepareOptions,
): Promise<readonly GraphQLError[] | ExecutionArgs> {
  if (!peer.caller) return [toGraphQLError(new Unauthenticated('The connection is not acknowledged'))];
  if (peer.running.size >= maxSubscriptions) return tooMany;
  const limitError = await rate.take(peer.caller, peer.address);
  if (limitError) return [toGraphQLError(limitError)];
  const params = parseOperationParams(request);
  if (params instanceof GraphQLError) return [params];
  const operation = operations.prepare(params, peer.caller);
  if (!('kind' in operation)) return operation;
  const { document, operationName } = operation;
  return { schema, document, operationName, contextValue: { peer, id, operation } satisfies PendingOperation };
}

function begin({ peer, id, operation }: PendingOperation, operations: OperationExecutor): CompletionIterator {
  const iterator = new CompletionIterator(peer.running);
  const subscriber = new Subscriber(new WebSocketSink(peer, id, iterator), peer.writer);
  if (operation.kind === 'subscription') {
    iterator.onStop(operations.subscribe(operation, subscriber));
  } else {
    const disconnect = new AbortController();
    iterator.onStop(() => {
      subscriber.close();
      disconnect.abort();
    });
    void runQuery(operation, operations, subscriber, disconnect.signal);
  }
  return iterator;
}

async function runQuery(
  operation: Operation,
  operations: OperationExecutor,
  subscriber: Subscriber,
  signal: AbortSignal,
): Promise<void> {
  subscriber.next(await operations.execute(operation, signal));
  subscriber.end(null);
}

function toClientErrors(error: GraphQLError, { maskError }: ProtocolOptions): readonly GraphQLFormattedError[] {
  return error.cause instanceof CompletedWithErrors ? error.cause.errors : [maskError(error)];
}
