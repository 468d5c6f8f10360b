import type { IncomingMessage } from 'node:http';

/** The reason phrase of a refusal. graphql-sse aborts the body and shows its application the reason phrase alone. */
export const SINGLE_CONNECTION_REASON = 'Single connection mode is not served: use distinct connections mode';

/** The error of a request in the single connection mode. */
export const SINGLE_CONNECTION_ERROR = {
  message:
    'The single connection mode of GraphQL over SSE is not served, because a reservation would tie the client to one ' +
    'gateway: use the distinct connections mode, which is one request for each operation, or WebSocket',
};

/** A cheap check: `Accept` is parsed for requests that are served alone. */
const EVENT_STREAM = /text\/event-stream/i;

/**
 * The status that refuses a request in the single connection mode of GraphQL over SSE; null: the request is none. A PUT
 * asks for a reservation, and the header or the parameter `token` names one. `token` counts in a request for a stream
 * alone, because GraphQL over HTTP ignores an unknown parameter. Source: PROTOCOL.md of graphql-sse 2.6.1.
 */
export function singleConnectionStatus({ method, headers }: IncomingMessage, url: URL): 400 | 405 | null {
  const token =
    headers['x-graphql-event-stream-token'] !== undefined ||
    (EVENT_STREAM.test(headers.accept ?? '') && url.searchParams.has('token'));
  if (method === 'PUT' || (token && method === 'DELETE')) return 405;
  return token && (method === 'GET' || method === 'POST') ? 400 : null;
}
