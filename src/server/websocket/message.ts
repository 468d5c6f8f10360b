import {
  type CompleteMessage,
  type ConnectionInitMessage,
  MessageType,
  type PingMessage,
  type PongMessage,
  validateMessage,
} from 'graphql-ws';
import { isJsonObject, type JsonObject } from '../../json-object.ts';
import { documentHash } from '../graphql/operation-params.ts';

/** The longest id of an operation, in characters: the gateway keeps it and sends it with every result. */
const MAX_ID_LENGTH = 256;

/** The payload of `connection_init`. */
export type ConnectionParams = Readonly<Record<string, unknown>>;

/** The payload of a subscribe message: GraphQL over HTTP's parameters of a request. */
export type SubscribeRequest = Readonly<
  Record<'query' | 'documentId' | 'operationName' | 'variables' | 'extensions', unknown>
>;

export interface SubscribeMessage {
  readonly type: MessageType.Subscribe;
  readonly id: string;
  readonly payload: SubscribeRequest;
}

/** A message that a client may send. */
export type ClientMessage = ConnectionInitMessage | PingMessage | PongMessage | SubscribeMessage | CompleteMessage;

/** A message, or the reason with which the socket closes with 4400. */
export type ParsedMessage = { readonly message: ClientMessage } | { readonly refusal: string };

/** Reads one text message of a client, and keeps the members that the protocol defines only. */
export function parseMessage(text: string): ParsedMessage {
  const message = messageOf(text);
  if (!message) return { refusal: 'Invalid message received' };
  switch (message.type) {
    case MessageType.ConnectionAck:
    case MessageType.Next:
    case MessageType.Error:
      return { refusal: 'Unexpected message' };
    case MessageType.Subscribe:
      if (message.id.length > MAX_ID_LENGTH) return { refusal: `An id may have at most ${MAX_ID_LENGTH} characters` };
      return {
        message: { type: message.type, id: message.id, payload: message.payload as object as SubscribeRequest },
      };
    default:
      return { message };
  }
}

/** null: the text is no message of the protocol. */
function messageOf(text: string): ReturnType<typeof validateMessage> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (!isJsonObject(value)) return null;
    const { id, type, payload } = value;
    const isRequest = type === MessageType.Subscribe && isJsonObject(payload);
    return validateMessage({ id, type, payload: isRequest ? requestOf(payload) : payload });
  } catch {
    return null;
  }
}

/** A client that names its document by hash may send no text, or null; the protocol wants a text, so it gets an empty one. */
function requestOf(payload: JsonObject): SubscribeRequest {
  const { query, documentId, operationName, variables, extensions } = payload;
  const text = (query ?? null) === null && documentHash(payload) !== null ? '' : query;
  return { query: text, documentId, operationName, variables, extensions };
}
