import type { IncomingMessage } from 'node:http';

const ORIGIN = 'http://gateway.invalid';
/** Nearly every request: not worth parsing again. */
const GRAPHQL_URL = new URL('/graphql', ORIGIN);
/** Segments of unreserved characters (RFC 3986, section 2.3): no empty, dot or percent-encoded one, no backslash. */
const LITERAL_PATH = /^(?:\/(?!\.{1,2}(?:[/?]|$))[A-Za-z0-9._~-]+)*\/?(?:\?|$)/;

/**
 * The URL that a request names; null when its path is not literal, because a proxy in front may have judged another
 * spelling of it (`//x/metrics`, `/%2e%2e/metrics`, `http://x/metrics`) than the one that would be served.
 */
export function requestUrl({ url = '/' }: IncomingMessage): URL | null {
  if (url === '/graphql') return GRAPHQL_URL;
  return url.startsWith('/') && LITERAL_PATH.test(url) ? URL.parse(`${ORIGIN}${url}`) : null;
}

/** Whether a request has exactly one `Host`, or none before HTTP/1.1: RFC 9112, section 3.2. */
export function hasOneHost({ rawHeaders, httpVersion }: IncomingMessage): boolean {
  let hosts = 0;
  for (let index = 0; index < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === 'host') hosts += 1;
  return hosts === 1 || (hosts === 0 && httpVersion === '1.0');
}
