import type { GraphQLFormattedError } from 'graphql';
import { CloseCode, GRAPHQL_TRANSPORT_WS_PROTOCOL, MessageType } from 'graphql-ws';
import type { EarlyEnd } from '../../live/subscriber.ts';
import { type ClientMessage, type ConnectionParams, parseMessage, type SubscribeRequest } from './message.ts';

/** Why a socket closes: a code of the protocol or of RFC 6455's registry, and words for people. */
export interface CloseReason {
  readonly code: number;
  readonly reason: string;
}

/** An operation from its subscribe message until its end. */
export interface ActiveOperation {
  /** Cancels it: it sends nothing more. */
  stop(outcome?: EarlyEnd): void;
}

/** What the protocol leaves to the server, for all sockets. `Peer` is the server's state of one socket. */
export interface ConversationHandlers<Peer> {
  /** How long a client may take to send `connection_init`, in ms. */
  readonly connectionInitMs: number;
  /** Sends a text message. A socket that is closing drops it. */
  send(peer: Peer, text: string): void;
  /** Closes the socket, and calls {@link Conversation.end}. */
  close(conversation: Conversation<Peer>, reason: CloseReason): void;
  /** Resolves to null when the client may subscribe, else to the reason to close its socket. */
  connect(conversation: Conversation<Peer>, params: ConnectionParams | undefined): Promise<CloseReason | null>;
  /** Resolves once the operation is in {@link Conversation.operations}, or is refused with {@link Conversation.fail}. */
  subscribe(conversation: Conversation<Peer>, id: string, request: SubscribeRequest): Promise<void>;
  /** Called with an error that is no mistake of the client; its socket is closed with 4500. */
  onUnexpectedError(peer: Peer, error: unknown): void;
}

const UNACCEPTABLE = { code: CloseCode.SubprotocolNotAcceptable, reason: 'Subprotocol not acceptable' };
const INIT_TIMEOUT = {
  code: CloseCode.ConnectionInitialisationTimeout,
  reason: 'Connection initialisation timeout',
};
const INITIALISED_TWICE = {
  code: CloseCode.TooManyInitialisationRequests,
  reason: 'Too many initialisation requests',
};
const UNAUTHORIZED = { code: CloseCode.Unauthorized, reason: 'Unauthorized' };
const INTERNAL_ERROR = { code: CloseCode.InternalServerError, reason: 'Internal server error' };

const ACK = JSON.stringify({ type: MessageType.ConnectionAck });

/**
 * The server's side of one conversation in `graphql-transport-ws`: which message a client may send when, and with
 * which code the socket closes after a message that is not allowed then. Source: PROTOCOL.md of graphql-ws.
 */
export class Conversation<Peer> {
  readonly peer: Peer;
  /** By the id of their subscribe message. */
  readonly operations = new Map<string, ActiveOperation>();
  readonly #handlers: ConversationHandlers<Peer>;
  #phase: 'opened' | 'initialising' | 'acknowledged' = 'opened';
  /** Runs until `connection_init`. */
  #initTimer: NodeJS.Timeout | null;
  #hasEnded = false;

  /** @param protocol the subprotocol of the socket; another one than `graphql-transport-ws` closes it. */
  constructor(protocol: string, peer: Peer, handlers: ConversationHandlers<Peer>) {
    this.peer = peer;
    this.#handlers = handlers;
    const isSpoken = protocol === GRAPHQL_TRANSPORT_WS_PROTOCOL;
    this.#initTimer = isSpoken ? setTimeout(() => this.close(INIT_TIMEOUT), handlers.connectionInitMs) : null;
    if (!isSpoken) this.close(UNACCEPTABLE);
  }

  /** Handles a text message. Never throws. The next message waits for the promise, which never rejects; null: it need not. */
  receive(text: string): Promise<void> | null {
    try {
      const parsed = parseMessage(text);
      if ('message' in parsed) return this.#handle(parsed.message);
      return this.#refuse({ code: CloseCode.BadRequest, reason: parsed.refusal });
    } catch (error) {
      // A payload that is nested deeply enough can be parsed, and not written back in a pong.
      return this.#onUnexpectedError(error);
    }
  }

  /** Ends an operation, or refuses it, with errors. */
  fail(id: string, payload: readonly GraphQLFormattedError[]): void {
    this.operations.delete(id);
    this.#send({ id, type: MessageType.Error, payload });
  }

  /** Ends all operations with errors. */
  failAll(errors: readonly GraphQLFormattedError[]): void {
    for (const [id, operation] of this.operations) {
      operation.stop('failed');
      this.fail(id, errors);
    }
  }

  /** Ends an operation that has sent its last result. */
  complete(id: string): void {
    this.operations.delete(id);
    this.#send({ id, type: MessageType.Complete });
  }

  close(reason: CloseReason): void {
    this.#handlers.close(this, reason);
  }

  /** `end` was called: an operation that began later would never be stopped. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** The socket is closing or closed: stops all operations. Idempotent. */
  end(): void {
    this.#hasEnded = true;
    this.#endInitTimer();
    for (const operation of this.operations.values()) operation.stop();
    this.operations.clear();
  }

  #handle(message: ClientMessage): Promise<void> | null {
    switch (message.type) {
      case MessageType.ConnectionInit:
        return this.#initialise(message.payload);
      case MessageType.Ping:
        // A payload that is absent or null is absent from the pong.
        this.#send({ type: MessageType.Pong, payload: message.payload ?? undefined });
        return null;
      case MessageType.Pong:
        return null;
      case MessageType.Subscribe:
        return this.#subscribe(message.id, message.payload);
      case MessageType.Complete:
        this.operations.get(message.id)?.stop();
        this.operations.delete(message.id);
        return null;
    }
  }

  #initialise(params: ConnectionParams | undefined): null {
    if (this.#phase !== 'opened') return this.#refuse(INITIALISED_TWICE);
    this.#phase = 'initialising';
    this.#endInitTimer();
    void this.#acknowledge(params);
    return null;
  }

  async #acknowledge(params: ConnectionParams | undefined): Promise<void> {
    try {
      const refused = await this.#handlers.connect(this, params);
      if (refused) return this.close(refused);
      if (this.#hasEnded) return;
      this.#phase = 'acknowledged';
      this.#handlers.send(this.peer, ACK);
    } catch (error) {
      this.#onUnexpectedError(error);
    }
  }

  #subscribe(id: string, request: SubscribeRequest): Promise<void> | null {
    if (this.#phase !== 'acknowledged') return this.#refuse(UNAUTHORIZED);
    if (this.operations.has(id)) {
      return this.#refuse({ code: CloseCode.SubscriberAlreadyExists, reason: `Subscriber for ${id} already exists` });
    }
    return this.#handlers.subscribe(this, id, request).catch((error) => void this.#onUnexpectedError(error));
  }

  #onUnexpectedError(error: unknown): null {
    this.#handlers.onUnexpectedError(this.peer, error);
    return this.#refuse(INTERNAL_ERROR);
  }

  #send(message: object): void {
    this.#handlers.send(this.peer, JSON.stringify(message));
  }

  #refuse(reason: CloseReason): null {
    this.close(reason);
    return null;
  }

  #endInitTimer(): void {
    if (this.#initTimer) clearTimeout(this.#initTimer);
    this.#initTimer = null;
  }
}
