import { MessageType } from 'graphql-ws';
import { documentHash } from '../graphql/operation-params.ts';

/** No client has reason for a longer one, and each is kept and sent with every result; in characters. */
const MAX_ID_LENGTH = 256;

/** Messages of `graphql-transport-ws` that only a server may send. */
const SERVER_MESSAGES: ReadonlySet<unknown> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

/** What is read of a message: graphql-ws checks the rest, and keeps it while its operation lives. */
export interface Message {
  readonly id: unknown;
  readonly type: unknown;
  readonly payload: unknown;
}

/** A message, or why the socket closes with 4400. */
export type ParsedMessage = { readonly message: Message } | { readonly refusal: string };

/** What a subscribe message asks, as graphql-ws holds it. */
export type SubscribePayload = Record<(typeof PAYLOADS)[number], unknown>;

const PAYLOADS = ['query', 'documentId', 'operationName', 'variables', 'extensions'] as const;

/** Reads one text message of a client; nothing beside what the protocol knows is kept of it. */
export function parseMessage(text: string): ParsedMessage {
  const value = parsed(text);
  if (!isRecord(value)) return { refusal: 'Invalid message received' };
  const { id, type, payload } = value;
  if (SERVER_MESSAGES.has(type)) return { refusal: 'Unexpected message' };
  if (typeof id === 'string' && id.length > MAX_ID_LENGTH)
    return { refusal: `An id may have at most ${MAX_ID_LENGTH} characters` };
  const subscribes = type === MessageType.Subscribe && isRecord(payload);
  return { message: { id, type, payload: subscribes ? requestOf(payload) : payload } };
}

/** Takes what is asked out of a subscribe message: whoever still holds the message holds an empty one. */
export function detachPayload(held: SubscribePayload): SubscribePayload {
  const request = { ...held };
  for (const key of PAYLOADS) held[key] = null;
  return request;
}

/**
 * graphql-ws closes the socket of a client that names its document by hash and sends no text, or null: such a payload
 * gets an empty text.
 */
function requestOf(payload: Readonly<Record<string, unknown>>): SubscribePayload {
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

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
