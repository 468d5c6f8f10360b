import type { Context } from '@opentelemetry/api';
import { GraphQLError } from 'graphql';
import { CloseCode } from 'graphql-ws';
import { TooManySubscriptions, Unauthenticated, UpstreamUnavailable } from '../../errors.ts';
import { isJsonObject } from '../../json-object.ts';
import { EncodedResult } from '../../live/encoded-result.ts';
import { Subscriber } from '../../live/subscriber.ts';
import type { RequestTracer } from '../../observability/tracing/request-tracer.ts';
import { toGraphQLError } from '../../schema/graphql-errors.ts';
import type { Authenticator } from '../access/authenticator.ts';
import { webSocketAuthorization } from '../access/bearer-token.ts';
import { clientOf } from '../access/client.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import type { ErrorMasker } from '../graphql/error-masking.ts';
import type { Operation } from '../graphql/operation.ts';
import type { ExecuteOptions, OperationExecutor, Preparation } from '../graphql/operation-executor.ts';
import { parseOperationParams } from '../graphql/operation-params.ts';
import type { Admission } from '../limits/admission.ts';
import type { OperationRateLimiter } from '../limits/operation-rate-limiter.ts';
import type { Refusals } from '../limits/refusals.ts';
import type { ConnectionState } from './connection-state.ts';
import type { CloseReason, Conversation } from './conversation.ts';
import type { ConnectionParams, SubscribeRequest } from './message.ts';
import { WebSocketOperation } from './web-socket-operation.ts';

export interface OperationProtocolOptions {
  readonly executor: OperationExecutor;
  readonly authenticator: Authenticator;
  /** `MAX_SUBSCRIPTIONS_PER_CONNECTION` */
  readonly maxSubscriptions: number;
  readonly rate: OperationRateLimiter;
  readonly admission: Admission;
  /** The error that a caller may see. */
  readonly maskError: ErrorMasker;
  readonly refusals: Refusals;
  readonly accessLog: AccessLog;
  readonly tracer: RequestTracer;
}

type WebSocketConversation = Conversation<ConnectionState>;

/** For a passing failure, by RFC 6455's registry: clients of graphql-ws connect again. */
const TRY_AGAIN_LATER: CloseReason = { code: 1013, reason: 'Try again later' };
const FORBIDDEN: CloseReason = { code: CloseCode.Forbidden, reason: 'Forbidden' };
const TOKEN_EXPIRED: CloseReason = { code: CloseCode.Forbidden, reason: 'Token expired' };

/** What the gateway does with the connections and operations of `graphql-transport-ws`. */
export class OperationProtocol {
  readonly #options: OperationProtocolOptions;
  /** Built once: an error per rejected subscribe would capture a stack trace each. */
  readonly #tooMany: readonly GraphQLError[];

  constructor(options: OperationProtocolOptions) {
    this.#options = options;
    const tooMany = new TooManySubscriptions(`At most ${options.maxSubscriptions} subscriptions on one connection`);
    this.#tooMany = [toGraphQLError(tooMany)];
  }

  /** Authenticates the client. Returns null, or why its socket closes. */
  async connect(
    conversation: WebSocketConversation,
    params: ConnectionParams | undefined,
  ): Promise<CloseReason | null> {
    const { peer } = conversation;
    const authorization = webSocketAuthorization(params, peer.authorization);
    peer.authorization = undefined;
    if (params && 'traceparent' in params) peer.parent = this.#options.tracer.parentOf(params);
    try {
      const caller = { ...(await this.#options.authenticator.authenticate(authorization)), address: peer.address };
      // A connection that has ended meanwhile is released already, so its timer would outlive it.
      if (isOver(conversation)) return FORBIDDEN;
      peer.caller = caller;
      peer.stopExpiry = onExpiry(caller.expiresAt, () => this.#expire(conversation));
      return null;
    } catch (error) {
      if (error instanceof UpstreamUnavailable) return TRY_AGAIN_LATER;
      if (!(error instanceof Unauthenticated)) throw error;
      this.#options.refusals.add('unauthenticated');
      return FORBIDDEN;
    }
  }

  /** Begins an operation, or refuses it with errors. */
  async subscribe(conversation: WebSocketConversation, id: string, request: SubscribeRequest): Promise<void> {
    const { socket } = conversation.peer;
    this.#options.accessLog.operation(socket);
    const prepared = await this.#prepare(conversation, request);
    if (isOver(conversation)) return;
    if (prepared.kind === 'ready') return this.#begin(conversation, id, prepared.operation);
    const { maskError } = this.#options;
    conversation.fail(
      id,
      prepared.errors.map((error) => maskError(error, socket)),
    );
  }

  /** The errors of the expired token, then the close: the client reconnects with a fresh one. */
  #expire(conversation: WebSocketConversation): void {
    const { socket } = conversation.peer;
    this.#options.accessLog.ending(socket, 'token expired');
    conversation.failAll([this.#options.maskError(expired(), socket)]);
    conversation.close(TOKEN_EXPIRED);
  }

  async #prepare(conversation: WebSocketConversation, request: SubscribeRequest): Promise<Preparation> {
    const { maxSubscriptions, rate, admission, executor, refusals, tracer } = this.#options;
    const { caller, address } = conversation.peer;
    if (!caller) return rejected(toGraphQLError(new Unauthenticated('The connection is not acknowledged')));
    if (conversation.operations.size >= maxSubscriptions) {
      refusals.add('subscriptions');
      return { kind: 'rejected', errors: this.#tooMany };
    }
    const refusal = rate.take(caller, address) ?? admission.refusalOf(caller);
    if (refusal) return rejected(toGraphQLError(refusal));
    const trace = tracer.begin('websocket', 'GET', this.#parentOf(conversation, request));
    const client = clientOf(caller, address, trace);
    const params = parseOperationParams(request);
    const preparation = params instanceof GraphQLError ? rejected(params) : await executor.prepare(params, client);
    if (preparation.kind === 'rejected') executor.onRejected(preparation.errors, client);
    return preparation;
  }

  /** The `traceparent` in the `extensions` of the operation, else the one of its connection. */
  #parentOf({ peer }: WebSocketConversation, { extensions }: SubscribeRequest): Context | null {
    const isOwn = isJsonObject(extensions) && 'traceparent' in extensions;
    return isOwn ? this.#options.tracer.parentOf(extensions) : peer.parent;
  }

  #begin(conversation: WebSocketConversation, id: string, operation: Operation): void {
    const { executor } = this.#options;
    const { peer, operations } = conversation;
    const active = new WebSocketOperation(conversation, id);
    operations.set(id, active);
    const isSubscription = operation.kind === 'subscription';
    const subscriber = new Subscriber(active, peer.writer, isSubscription ? peer.counts : undefined);
    if (isSubscription) {
      // Until it has begun, and for good where it cannot.
      active.onStop((outcome) => subscriber.close(outcome));
      return active.onStop(executor.subscribe(operation, subscriber));
    }
    const disconnect = new AbortController();
    active.onStop(() => {
      subscriber.close();
      disconnect.abort();
    });
    void runQuery(operation, executor, subscriber, { signal: disconnect.signal, subject: peer.socket });
  }
}

/** The connection has ended, or its socket is closing: an operation begun now would never end. */
function isOver({ hasEnded, peer: { socket } }: WebSocketConversation): boolean {
  return hasEnded || socket.readyState !== socket.OPEN;
}

async function runQuery(
  operation: Operation,
  executor: OperationExecutor,
  subscriber: Subscriber,
  options: ExecuteOptions,
): Promise<void> {
  subscriber.next(EncodedResult.of(await executor.execute(operation, options)));
  subscriber.end(null);
}

function rejected(error: GraphQLError): Preparation {
  return { kind: 'rejected', errors: [error] };
}
