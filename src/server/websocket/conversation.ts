import { type ExecutionArgs, GraphQLError, type GraphQLFormattedError, type GraphQLSchema } from 'graphql';
import { CloseCode, type Context, makeServer, type Server } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { TooManySubscriptions, Unauthenticated, UpstreamUnavailable } from '../../errors.ts';
import { Delivery } from '../../live/delivery.ts';
import type { Outlet } from '../../live/outlet.ts';
import { toGraphQLError } from '../../schema/errors.ts';
import { authorizationOf } from '../access/bearer-token.ts';
import type { Access, Caller } from '../access/caller.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { OperationRate } from '../limits/operation-rate.ts';
import { parseOperationParams, reviveRequest } from '../operation-params.ts';
import type { Operation, Operations } from '../operations.ts';
import { EndedWithErrors, LiveIterator } from './live-iterator.ts';
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

type Conversation = Context<Record<string, unknown>, Peer>;

/** The operation travels through graphql-ws as the context value; it runs when graphql-ws calls execute or subscribe. */
interface Run {
  readonly start: () => LiveIterator;
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
  const run = ({ contextValue }: ExecutionArgs): LiveIterator => (contextValue as Run).start();
  return makeServer<Record<string, unknown>, Peer>({
    execute: run,
    subscribe: run,
    connectionInitWaitTimeout: options.connectionInitMs,
    jsonMessageReviver: reviveRequest,
    onConnect: (conversation) => connect(conversation, options),
    onSubscribe: (conversation, id, payload) => prepare(conversation, id, payload, preparing),
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

async function connect({ connectionParams, extra }: Conversation, options: ConversationOptions): Promise<boolean> {
  const { socket } = extra;
  try {
    const caller = await options.access.authenticate(authorizationOf(connectionParams));
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
  { extra }: Conversation,
  id: string,
  payload: unknown,
  { schema, operations, maxSubscriptions, rate, tooMany }: PrepareOptions,
): Promise<readonly GraphQLError[] | ExecutionArgs> {
  if (!extra.caller) return [toGraphQLError(new Unauthenticated('The connection is not acknowledged'))];
  if (extra.running.size >= maxSubscriptions) return tooMany;
  const excess = await rate.take(extra.caller, extra.address);
  if (excess) return [toGraphQLError(excess)];
  const params = parseOperationParams(payload);
  if (params instanceof GraphQLError) return [params];
  const operation = operations.prepare(params, extra.caller);
  if (!('kind' in operation)) return operation;
  const start = (): LiveIterator => track(extra, begin(extra, id, operation, operations));
  const { document, operationName } = operation;
  return { schema, document, operationName, contextValue: { start } satisfies Run };
}

function track(peer: Peer, iterator: LiveIterator): LiveIterator {
  peer.running.add(iterator);
  void iterator.ended.then(() => peer.running.delete(iterator));
  return iterator;
}

function begin(peer: Peer, id: string, operation: Operation, operations: Operations): LiveIterator {
  let stop = (): void => {};
  const iterator = new LiveIterator(() => stop());
  const member = new Delivery(new SocketWire(peer, id, iterator), peer.outlet);
  if (operation.kind === 'subscription') {
    stop = operations.join(operation, member);
  } else {
    stop = () => member.close();
    void operations.execute(operation).then((frame) => {
      member.next(frame);
      member.end(null);
    });
  }
  return iterator;
}

function visible(error: GraphQLError, { format }: ConversationOptions): readonly GraphQLFormattedError[] {
  return error.cause instanceof EndedWithErrors ? error.cause.errors : [format(error)];
}
