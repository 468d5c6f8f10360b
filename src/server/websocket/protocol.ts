import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { CloseCode, makeServer, type Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { TooManySubscriptions, Unauthenticated, UpstreamUnavailable } from '../../errors.ts';
import type { StreamWriter } from '../../live/stream-writer.ts';
import { Subscriber } from '../../live/subscriber.ts';
import { toGraphQLError } from '../../schema/graphql-errors.ts';
import type { Authenticator, Caller } from '../access/authenticator.ts';
import { webSocketAuthorization } from '../access/bearer-token.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { Operation, OperationExecutor } from '../graphql/operation-executor.ts';
import { parseOperationParams } from '../graphql/operation-params.ts';
import type { Admission } from '../limits/admission.ts';
import type { OperationRateLimiter } from '../limits/operation-rate-limiter.ts';
import { CompletedWithErrors, CompletionIterator } from './completion-iterator.ts';
import { detachPayload, type SubscribePayload } from './message.ts';
import { WebSocketSink } from './web-socket-sink.ts';

/** What one socket has beside what graphql-ws keeps. */
export interface ConnectionState {
  readonly socket: WebSocket;
  readonly writer: StreamWriter;
  /** All that runs for this socket, whatever graphql-ws knows of it. */
  readonly running: Set<CompletionIterator>;
  /** Where the client comes from. */
  readonly address: string;
  /** The `Authorization` header of the upgrade; forgotten once `connection_init` is read. */
  authorization: string | undefined;
  /** Set once the connection is acknowledged. */
  caller: Caller | null;
  /** Forgets when the caller's right ends. */
  stopExpiry: () => void;
}

export interface ProtocolOptions {
  readonly schema: GraphQLSchema;
  readonly operations: OperationExecutor;
  readonly access: Authenticator;
  /** `MAX_SUBSCRIPTIONS_PER_CONNECTION` */
  readonly maxSubscriptions: number;
  readonly rate: OperationRateLimiter;
  readonly admission: Admission;
  /** How long a client may take to begin, in ms. */
  readonly connectionInitMs: number;
  /** What a caller may see of an error. */
  readonly maskError: (error: unknown) => GraphQLFormattedError;
}

/** The close code for what will be over soon (RFC 6455's registry): clients of graphql-ws connect again. */
const TRY_AGAIN_LATER = 1013;

/** With the answer to one subscription too many. */
interface PrepareOptions extends ProtocolOptions {
  readonly tooMany: readonly GraphQLError[];
}

type ConnectionParams = Record<string, unknown>;

/** graphql-ws holds it for as long as the socket lives. */
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
 * The `graphql-transport-ws` conversation, held by graphql-ws: init, ack, ping, subscribe, complete, limits. Results
 * are written past it, straight to the socket; it learns only when an operation has ended.
 */
export function createProtocolServer(options: ProtocolOptions): Server<ConnectionState> {
  // Made once: whoever asks ten thousand times would have as many stack traces taken.
  const { maxSubscriptions } = options;
  const tooMany = [
    toGraphQLError(new TooManySubscriptions(`At most ${maxSubscriptions} subscriptions on one connection`)),
  ];
  const preparing = { ...options, tooMany };
  const run = (args: ExecutionArgs): CompletionIterator => {
    const { contextValue } = args;
    // graphql-ws holds the arguments for as long as the operation lives.
    args.contextValue = null;
    return begin(contextValue as PendingOperation, options.operations);
  };
  return makeServer<ConnectionParams, ConnectionState>({
    execute: run,
    subscribe: run,
    connectionInitWaitTimeout: options.connectionInitMs,
    onConnect: (conversation) => connect(conversation, options),
    // What a message asks is as it was read.
    onSubscribe: ({ extra }, id, payload) =>
      prepare(extra, id, detachPayload(payload as unknown as SubscribePayload), preparing),
    onError: (_conversation, _id, _payload, errors) => errors.flatMap((error) => toClientErrors(error, options)),
    onClose: ({ extra }) => releaseConnection(extra),
  });
}

/** Ends all that runs for a socket that is closing or closed. */
export function releaseConnection({ running, writer, stopExpiry }: ConnectionState): void {
  stopExpiry();
  for (const iterator of running) void iterator.return();
  writer.close();
}

async function connect(conversation: ProtocolContext, options: ProtocolOptions): Promise<boolean> {
  const { extra } = conversation;
  const { socket } = extra;
  const authorization = webSocketAuthorization(conversation.connectionParams, extra.authorization);
  conversation.connectionParams = undefined;
  extra.authorization = undefined;
  try {
    const caller = { ...(await options.access.authenticate(authorization)), address: extra.address };
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

/** Ends what runs with an error, then the connection: the client may come again with a fresh token. */
function expire({ socket, running }: ConnectionState, { maskError }: ProtocolOptions): void {
  const errors = [maskError(expired())];
  for (const iterator of running) iterator.expire(errors);
  // The errors are on their way within this turn of the event loop.
  setImmediate(() => socket.close(CloseCode.Forbidden, 'Token expired'));
}

async function prepare(
  peer: ConnectionState,
  id: string,
  request: SubscribePayload,
  { schema, operations, maxSubscriptions, rate, admission, tooMany }: PrepareOptions,
): Promise<readonly GraphQLError[] | ExecutionArgs> {
  if (!peer.caller) return [toGraphQLError(new Unauthenticated('The connection is not acknowledged'))];
  if (peer.running.size >= maxSubscriptions) return tooMany;
  const excess = await rate.take(peer.caller, peer.address);
  const refusal = excess ?? admission.refusalOf(peer.caller);
  if (refusal) return [toGraphQLError(refusal)];
  const params = parseOperationParams(request);
  if (params instanceof GraphQLError) return [params];
  const operation = operations.prepare(params, peer.caller);
  if (!('kind' in operation)) return operation;
  const { document, operationName } = operation;
  return { schema, document, operationName, contextValue: { peer, id, operation } satisfies PendingOperation };
}

function begin({ peer, id, operation }: PendingOperation, operations: OperationExecutor): CompletionIterator {
  const iterator = new CompletionIterator(peer.running);
  const member = new Subscriber(new WebSocketSink(peer, id, iterator), peer.writer);
  if (operation.kind === 'subscription') {
    iterator.onStop(operations.subscribe(operation, member));
  } else {
    const departure = new AbortController();
    iterator.onStop(() => {
      member.close();
      departure.abort();
    });
    void runQuery(operation, operations, member, departure.signal);
  }
  return iterator;
}

async function runQuery(
  operation: Operation,
  operations: OperationExecutor,
  member: Subscriber,
  signal: AbortSignal,
): Promise<void> {
  member.next(await operations.execute(operation, signal));
  member.end(null);
}

function toClientErrors(error: GraphQLError, { maskError }: ProtocolOptions): readonly GraphQLFormattedError[] {
  return error.cause instanceof CompletedWithErrors ? error.cause.errors : [maskError(error)];
}
