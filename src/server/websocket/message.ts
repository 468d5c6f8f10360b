import { MessageType } from 'graphql-ws';
import { isJsonObject, type JsonObject } from '../../json-object.ts';
import { documentHash } from '../graphql/operation-params.ts';

/** The longest id of an operation, in characters: the gateway keeps it and sends it with every result. */
const MAX_ID_LENGTH = 256;

/** Messages of `graphql-transport-ws` that only a server may send. */
const SERVER_MESSAGES: ReadonlySet<unknown> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

/** The parts of a message that the gateway reads: graphql-ws checks them, and keeps them while its operation lives. */
export interface Message {
  readonly id: unknown;
  readonly type: unknown;
  readonly payload: unknown;
}

/** A message, or the reason with which the socket closes with 4400. */
export type ParsedMessage = { readonly message: Message } | { readonly refusal: string };

/** The payload of a subscribe message, as graphql-ws holds it. */
export type SubscribePayload = Record<(typeof PAYLOADS)[number], unknown>;

const PAYLOADS = ['query', 'documentId', 'operationName', 'variables', 'extensions'] as const;

/** Reads one text message of a client, and keeps the members that the protocol defines only. */
export function parseMessage(text: string): ParsedMessage {
  const value = parsed(text);
  if (!isJsonObject(value)) return { refusal: 'Invalid message received' };
  const { id, type, payload } = value;
  if (SERVER_MESSAGES.has(type)) return { refusal: 'Unexpected message' };
  if (typeof id === 'string' && id.length > MAX_ID_LENGTH)
    return { refusal: `An id may have at most ${MAX_ID_LENGTH} characters` };
  const subscribes = type === MessageType.Subscribe && isJsonObject(payload);
  return { message: { id, type, payload: subscribes ? requestOf(payload) : payload } };
}

/** Copies the request and clears the original, so that graphql-ws does not retain it for the operation's lifetime. */
export function detachPayload(held: SubscribePayload): SubscribePayload {
  const request = { ...held };
  for (const key of PAYLOADS) held[key] = null;
  return request;
}

/**
 * graphql-ws closes the socket of a client that names its document by hash and sends no text, or null: such a payload
 * gets an empty text.
 */
function requestOf(payload: JsonObject): SubscribePayload {
  const { query, documentId, operationName, variables, extensions } = payload;
  const text = (query ?? null) === null && documentHash(payload) !== null ? '' : query;
  return { query: text, documentId, operationName, variables, extensions };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
