import type { IncomingMessage } from 'node:http';

/** Media types that no element of a page requests: images, scripts and links name other ones. */
const API_TYPES = /application\/(?:graphql-response\+)?json|text\/event-stream|multipart\/mixed/i;
/**
 * Every browser begins its `User-Agent` with `Mozilla/5.0` (WHATWG Compatibility, "The User-Agent String"), and a page
 * cannot change it in a request that it sends without a preflight. A request without one may be a browser's behind a proxy
 * that removes it.
 */
const BROWSER = /^(?:mozilla\/|opera\/|$)/i;
/** Each of these makes a browser send a preflight; the names come from Apollo Server's CSRF prevention. */
const PREFLIGHTED = ['authorization', 'content-type', 'apollo-require-preflight', 'x-apollo-operation-name'] as const;

/**
 * Whether a GET may come from an image, a script, a form or a link of any page. With such a request a browser sends no
 * `Origin`, and no `Sec-Fetch-*` either where the address is plain http and not loopback. `EventSource` and the API clients of a
 * page name an API's media type. A client that is no browser may name none, but names itself in `User-Agent`, or sends no
 * `Accept` at all, which a browser always does.
 */
export function isForgeable({ method, headers }: IncomingMessage): boolean {
  if (method !== 'GET' || headers.origin !== undefined || headers['sec-fetch-mode'] !== undefined) return false;
  if (headers['sec-fetch-site'] !== undefined || PREFLIGHTED.some((name) => headers[name] !== undefined)) return false;
  const { accept, 'user-agent': agent = '' } = headers;
  return accept !== undefined && !API_TYPES.test(accept) && BROWSER.test(agent);
}
