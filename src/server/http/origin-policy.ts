import type { IncomingMessage } from 'node:http';

export interface OriginPolicyOptions {
  /** `CORS_ORIGINS` */
  readonly allowed: readonly string[];
  /** `TRUST_PROXY`: `X-Forwarded-Host` and `X-Forwarded-Proto` say where the browser believes to be. */
  readonly trustProxy: boolean;
  /** Hears of each origin that is refused, once: a browser tells its page nothing of why. */
  readonly onRejectedOrigin?: (origin: string) => void;
}

/** Anybody can invent origins: no more of them are told. */
const MAX_REPORTED = 100;
const MAX_REPORTED_LENGTH = 200;

/** Which web origins may call: the same origin always, and those of `CORS_ORIGINS`. */
export class OriginPolicy {
  readonly #allowed: ReadonlySet<string>;
  readonly #trustProxy: boolean;
  readonly #onRejectedOrigin: (origin: string) => void;
  readonly #reported = new Set<string>();

  constructor({ allowed, trustProxy, onRejectedOrigin = () => {} }: OriginPolicyOptions) {
    this.#allowed = new Set(allowed);
    this.#trustProxy = trustProxy;
    this.#onRejectedOrigin = onRejectedOrigin;
  }

  /**
   * Whether a request may come from where a browser says it comes from. Anything that is no browser sends no `Origin`
   * and may. A browser that leaves `Origin` out of a request of another origin, as for an image or a link, still says
   * so in `Sec-Fetch-Site`. Source: W3C, "Fetch Metadata Request Headers".
   */
  allows({ headers }: IncomingMessage): boolean {
    const { origin, 'sec-fetch-site': site } = headers;
    if (origin === undefined) return site === undefined || site === 'same-origin' || site === 'none';
    const known = this.#allowed.has(origin) || this.#isSameOrigin(origin, headers);
    if (!known) this.#report(origin.slice(0, MAX_REPORTED_LENGTH));
    return known;
  }

  /** Whether a browser opens what a link leads to, wherever the link stands: a page may be shown, and nothing may run. */
  isNavigation({ headers }: IncomingMessage): boolean {
    return headers.origin === undefined && headers['sec-fetch-mode'] === 'navigate';
  }

  /** The CORS headers for an allowed cross-origin request; none for the same origin. */
  headers({ headers }: IncomingMessage): Record<string, string> {
    const { origin } = headers;
    if (origin === undefined || !this.#allowed.has(origin)) return this.#allowed.size > 0 ? { vary: 'origin' } : {};
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type, authorization, if-none-match',
      'access-control-expose-headers': 'etag, retry-after',
      'access-control-max-age': '600',
      vary: 'origin',
    };
  }

  #report(origin: string): void {
    if (this.#reported.has(origin) || this.#reported.size >= MAX_REPORTED) return;
    this.#reported.add(origin);
    this.#onRejectedOrigin(origin);
  }

  /** Without a proxy that says so nobody knows whether the browser came by TLS: the host decides. */
  #isSameOrigin(origin: string, headers: IncomingMessage['headers']): boolean {
    const own = URL.parse(origin);
    const host = (this.#trustProxy && lastOf(headers['x-forwarded-host'])) || headers.host;
    const scheme = this.#trustProxy && lastOf(headers['x-forwarded-proto']);
    if (!own || host === undefined || own.host === '') return false;
    return (
      own.host === withoutDefaultPort(host.toLowerCase(), own.protocol) && (!scheme || own.protocol === `${scheme}:`)
    );
  }
}

/** What the nearest proxy wrote; what stands before it anybody can send. */
function lastOf(header: string | readonly string[] | undefined): string {
  return [header ?? []].flat().join(',').split(',').at(-1)?.trim() ?? '';
}

function withoutDefaultPort(host: string, protocol: string): string {
  return host.replace(protocol === 'https:' ? /:443$/ : /:80$/, '');
}
