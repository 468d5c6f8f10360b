import type { IncomingMessage } from 'node:http';

/** Which web origins may call: the same origin always, and those of `CORS_ORIGINS`. */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed);
  }

  /**
   * Whether a request may come from where a browser says it comes from. Anything that is no browser sends no `Origin`
   * and may. A browser that leaves `Origin` out of a cross-site request still says so in `Sec-Fetch-Site`.
   */
  allows({ headers }: IncomingMessage): boolean {
    const { origin } = headers;
    if (origin === undefined)
      return headers['sec-fetch-site'] !== 'cross-site' || headers['sec-fetch-mode'] === 'navigate';
    return this.#allowed.has(origin) || isSameOrigin(origin, headers.host);
  }

  /** The CORS headers for an allowed cross-origin request; none for the same origin. */
  headers({ headers }: IncomingMessage): Record<string, string> {
    const { origin } = headers;
    if (origin === undefined || !this.#allowed.has(origin)) return this.#allowed.size > 0 ? { vary: 'origin' } : {};
    return {
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'content-type, authorization',
      'access-control-max-age': '600',
      vary: 'origin',
    };
  }
}

function isSameOrigin(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}
