import { MessageType } from 'graphql-ws';
import { documentHash } from '../graphql/operation-params.ts';

/** Characters of an id. The gateway keeps each id and sends it with every result; no client needs longer ones. */
const MAX_ID_LENGTH = 256;

/** Messages of `graphql-transport-ws` that only a server may send. */
const SERVER_MESSAGES: ReadonlySet<unknown> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

/** The parts of a message that the protocol knows. graphql-ws validates them and retains them with the operation. */
export interface Message {
  readonly id: unknown;
  readonly type: unknown;
  readonly payload: unknown;
}

/** A message, or the reason for closing the socket with 4400. */
export type ParsedMessage = { readonly message: Message } | { readonly refusal: string };

/** The payload of a subscribe message, as graphql-ws retains it. */
export type SubscribePayload = Record<(typeof PAYLOADS)[number], unknown>;

const PAYLOADS = ['query', 'documentId', 'operationName', 'variables', 'extensions'] as const;

/** Parses one text message of a client. Keys that the protocol does not know are dropped. */
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

/** Copies the payload and clears the original, so that graphql-ws does not retain it for the operation's lifetime. */
export function detachPayload(source: SubscribePayload): SubscribePayload {
  const request = { ...source };
  for (const key of PAYLOADS) source[key] = null;
  return request;
}

/** Adds an empty text to a document named by hash, because graphql-ws closes the socket when the text is missing. */
function requestOf(payload: Readonly<Record<string, unknown>>): SubscribePayload {
  const { query, documentId, operationName, variables, extensions } = payload;
  const text = query === undefined && documentHash(payload) !== null ? '' : query;
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
