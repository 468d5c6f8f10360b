import type { IncomingMessage } from 'node:http';
import { lastForwarded } from './forwarded-header.ts';

export interface OriginPolicyOptions {
  /** `CORS_ORIGINS`: each as a browser writes it, in lower case, or with `*` as the first label of its host. */
  readonly allowed: readonly string[];
  /** `TRUST_PROXY`: `X-Forwarded-Host` and `-Proto`, or `Forwarded`, name the origin that the browser sees. */
  readonly trustProxy: boolean;
  /** Called with the origin of each refused request, cut to 200 characters, because a browser tells its page no reason. */
  readonly onRejectedOrigin?: (origin: string, request: IncomingMessage) => void;
}

const MAX_REPORTED_LENGTH = 200;

/** The web origins that may call: the same origin, and the origins in `CORS_ORIGINS`. */
export class OriginPolicy {
  readonly #allowed: ReadonlySet<string>;
  readonly #wildcards: readonly RegExp[];
  readonly #trustProxy: boolean;
  readonly #onRejectedOrigin: (origin: string, request: IncomingMessage) => void;

  constructor({ allowed, trustProxy, onRejectedOrigin = () => {} }: OriginPolicyOptions) {
    this.#allowed = new Set(allowed);
    this.#wildcards = allowed.filter((origin) => origin.includes('*')).map(wildcardPattern);
    this.#trustProxy = trustProxy;
    this.#onRejectedOrigin = onRejectedOrigin;
  }

  /**
   * Whether the origin that a browser names may call. A client that is no browser sends no `Origin` and may. A browser
   * leaves `Origin` out of a request for an image or a link, and says in `Sec-Fetch-Site` that it is cross-site (W3C,
   * "Fetch Metadata Request Headers"), but only to an https or a loopback address: see `isForgeable` for the rest.
   */
  allows(request: IncomingMessage): boolean {
    const { headers } = request;
    const { origin, 'sec-fetch-site': site } = headers;
    if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
    const known = this.#isListed(origin) || this.#isSameOrigin(origin, headers);
    if (!known) this.#onRejectedOrigin(origin.slice(0, MAX_REPORTED_LENGTH), request);
    return known;
  }

  /** Whether a browser follows a link, from any origin: a page may be shown, and no operation may run. */
  isNavigation({ headers }: IncomingMessage): boolean {
    return headers.origin === undefined && headers['sec-fetch-mode'] === 'navigate';
  }

  /** Whether a browser asks, for a page of a listed origin, if the page may send a request. */
  isPreflight({ method, headers }: IncomingMessage): boolean {
    const { origin, 'access-control-request-method': requested } = headers;
    return method === 'OPTIONS' && origin !== undefined && requested !== undefined && this.#isListed(origin);
  }

  /**
   * The CORS headers for a listed origin; none for the same origin. A preflight gets each header that it asks for,
   * because clients add their own (`apollographql-client-name`, `traceparent`) and `*` does not cover `Authorization`.
   */
  headers({ headers }: IncomingMessage): Record<string, string> {
    const { origin, 'access-control-request-headers': requested } = headers;
    if (origin === undefined || !this.#isListed(origin)) return this.#allowed.size > 0 ? { vary: 'origin' } : {};
    return {
      'access-control-allow-origin': origin,
      // Other methods than GET and POST are refused; the page reads the reason only if the preflight passes.
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers': requested ?? 'content-type, authorization, if-none-match',
      'access-control-expose-headers': 'etag, retry-after',
      'access-control-max-age': '600',
      vary: requested === undefined ? 'origin' : 'origin, access-control-request-headers',
    };
  }

  /** Case does not count: the URL Standard keeps the case of the host of an app's scheme. */
  #isListed(origin: string): boolean {
    const listed = origin.toLowerCase();
    return this.#allowed.has(listed) || this.#wildcards.some((pattern) => pattern.test(listed));
  }

  /** Without a proxy's word the gateway cannot tell whether the browser came by TLS: then the host decides. */
  #isSameOrigin(origin: string, headers: IncomingMessage['headers']): boolean {
    const own = URL.parse(origin);
    if (!own || own.origin !== origin || !/^https?:$/.test(own.protocol)) return false;
    const host = (this.#trustProxy && lastForwarded(headers, 'host')) || headers.host;
    const forwarded = this.#trustProxy ? lastForwarded(headers, 'proto').toLowerCase() : '';
    // Traefik writes the scheme of an upgrade as `ws` or `wss`.
    const scheme = forwarded.replace(/^ws/, 'http') || own.protocol.slice(0, -1);
    return host !== undefined && URL.parse(`${scheme}://${host}`)?.origin === origin;
  }
}

/** One label, and only one, in the place of the `*`. */
function wildcardPattern(origin: string): RegExp {
  return new RegExp(`^${origin.split('*').map(RegExp.escape).join('[a-z0-9_-]+')}$`);
}
