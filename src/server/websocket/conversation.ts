import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { CloseCode, makeServer, type Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { TooManySubscriptions, Unauthenticated, UpstreamUnavailable } from '../../errors.ts';
import { Delivery } from '../../live/delivery.ts';
import type { Outlet } from '../../live/outlet.ts';
import { toGraphQLError } from '../../schema/errors.ts';
import { authorizationOf } from '../access/bearer-token.ts';
import type { Access, Caller } from '../access/caller.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { OperationRate } from '../limits/operation-rate.ts';
import { parseOperationParams } from '../operation-params.ts';
import type { Operation, Operations } from '../operations.ts';
import { EndedWithErrors, LiveIterator } from './live-iterator.ts';
import { type Request, takeRequest } from './message.ts';
import { SocketWire } from './socket-wire.ts';

/** What one socket has beside what graphql-ws keeps. */
export interface Peer {
  readonly socket: WebSocket;
  readonly outlet: Outlet;
  /** All that runs for this socket, whatever graphql-ws knows of it. */
  readonly running: Set<LiveIterator>;
  /** Where the client comes from. */
  readonly address: string;
  /** Set once the connection is acknowledged. */
  caller: Caller | null;
  /** Forgets when the caller's right ends. */
  stopExpiry: () => void;
}

export interface ConversationOptions {
  readonly schema: GraphQLSchema;
  readonly operations: Operations;
  readonly access: Access;
  /** `MAX_SUBSCRIPTIONS_PER_CONNECTION` */
  readonly maxSubscriptions: number;
  readonly rate: OperationRate;
  /** How long a client may take to begin, in ms. */
  readonly connectionInitMs: number;
  /** What a caller may see of an error. */
  readonly format: (error: unknown) => GraphQLFormattedError;
}

/** The close code for what will be over soon (RFC 6455's registry): clients of graphql-ws connect again. */
const TRY_AGAIN_LATER = 1013;

/** With the answer to one subscription too many. */
interface PrepareOptions extends ConversationOptions {
  readonly tooMany: readonly GraphQLError[];
}

type ConnectionParams = Record<string, unknown>;

/** graphql-ws holds it for as long as the socket lives. */
interface Conversation {
  readonly extra: Peer;
  connectionParams?: Readonly<ConnectionParams> | undefined;
}

/** The operation travels through graphql-ws as the context value; it runs when graphql-ws calls execute or subscribe. */
interface Run {
  readonly peer: Peer;
  readonly id: string;
  readonly operation: Operation;
}

/**
 * The `graphql-transport-ws` conversation, held by graphql-ws: init, ack, ping, subscribe, complete, limits. Results
 * are written past it, straight to the socket; it learns only when an operation has ended.
 */
export function createConversation(options: ConversationOptions): Server<Peer> {
  // Made once: whoever asks ten thousand times would have as many stack traces taken.
  const { maxSubscriptions } = options;
  const tooMany = [
    toGraphQLError(new TooManySubscriptions(`At most ${maxSubscriptions} subscriptions on one connection`)),
  ];
  const preparing = { ...options, tooMany };
  const run = (args: ExecutionArgs): LiveIterator => {
    const { contextValue } = args;
    // graphql-ws holds the arguments for as long as the operation lives.
    args.contextValue = null;
    return begin(contextValue as Run, options.operations);
  };
  return makeServer<ConnectionParams, Peer>({
    execute: run,
    subscribe: run,
    connectionInitWaitTimeout: options.connectionInitMs,
    onConnect: (conversation) => connect(conversation, options),
    // What a message asks is as it was read.
    onSubscribe: ({ extra }, id, payload) => prepare(extra, id, takeRequest(payload as unknown as Request), preparing),
    onError: (_conversation, _id, _payload, errors) => errors.flatMap((error) => visible(error, options)),
    onClose: ({ extra }) => release(extra),
  });
}

/** Ends all that runs for a socket that is closing or closed. */
export function release({ running, outlet, stopExpiry }: Peer): void {
  stopExpiry();
  for (const iterator of running) void iterator.return();
  outlet.close();
}

async function connect(conversation: Conversation, options: ConversationOptions): Promise<boolean> {
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

/** Ends what runs with an error, then the connection: the client may come again with a fresh token. */
function expire({ socket, running }: Peer, { format }: ConversationOptions): void {
  const errors = [format(expired())];
  for (const iterator of running) iterator.expire(errors);
  // The errors are on their way within this turn of the event loop.
  setImmediate(() => socket.close(CloseCode.Forbidden, 'Token expired'));
}

async function prepare(
  peer: Peer,
  id: string,
  request: Request,
  { schema, operations, maxSubscriptions, rate, tooMany }: PrepareOptions,
): Promise<readonly GraphQLError[] | ExecutionArgs> {
  if (!peer.caller) return [toGraphQLError(new Unauthenticated('The connection is not acknowledged'))];
  if (peer.running.size >= maxSubscriptions) return tooMany;
  const excess = await rate.take(peer.caller, peer.address);
  if (excess) return [toGraphQLError(excess)];
  const params = parseOperationParams(request);
  if (params instanceof GraphQLError) return [params];
  const operation = operations.prepare(params, peer.caller);
  if (!('kind' in operation)) return operation;
  const { document, operationName } = operation;
  return { schema, document, operationName, contextValue: { peer, id, operation } satisfies Run };
}

function begin({ peer, id, operation }: Run, operations: Operations): LiveIterator {
  const iterator = new LiveIterator(peer.running);
  const member = new Delivery(new SocketWire(peer, id, iterator), peer.outlet);
  if (operation.kind === 'subscription') {
    iterator.onStop(operations.join(operation, member));
  } else {
    const departure = new AbortController();
    iterator.onStop(() => {
      member.close();
      departure.abort();
    });
    void answer(operation, operations, member, departure.signal);
  }
  return iterator;
}

async function answer(
  operation: Operation,
  operations: Operations,
  member: Delivery,
  signal: AbortSignal,
): Promise<void> {
  member.next(await operations.execute(operation, signal));
  member.end(null);
}

function visible(error: GraphQLError, { format }: ConversationOptions): readonly GraphQLFormattedError[] {
  return error.cause instanceof EndedWithErrors ? error.cause.errors : [format(error)];
}
