import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { CacheDependencies } from './cache-dependencies.ts';

/** A whole HTTP response, ready to be sent. */
export interface CachedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text, not bytes: node writes it together with the headers. */
  readonly body: string;
  /** The states that the response shows. */
  readonly dependencies: CacheDependencies;
}

const MAX_CACHED_BYTES = 32 * 1024 * 1024;
/** Objects around a response: an estimate. */
const OVERHEAD_BYTES = 512;

/** Responses by request, each for as long as the states that it shows are current. */
export class ResponseCache {
  readonly #responses = new LRUCache<string, CachedResponse>({
    maxSize: MAX_CACHED_BYTES,
    sizeCalculation: ({ body }, key) => 2 * (body.length + key.length) + OVERHEAD_BYTES,
  });

  /** The response to a request with this key, while it is current; null: there is none. */
  get(key: string): CachedResponse | null {
    const response = this.#responses.get(key);
    return response?.dependencies.areCurrent() ? response : null;
  }

  /** Keeps a response with status 200 and current states; drops the one before it in any case. */
  set(key: string, response: CachedResponse): void {
    if (isCacheable(response)) this.#responses.set(key, response);
    else this.#responses.delete(key);
  }
}

/** The response to a GET with its validator, so that a client can ask for changes only: RFC 9110, section 8.8.3. */
export function withETag(response: CachedResponse): CachedResponse {
  if (!isCacheable(response)) return response;
  const etag = `"${createHash('sha256').update(response.body).digest('base64url')}"`;
  return { ...response, headers: { ...response.headers, etag, 'cache-control': 'private, no-cache' } };
}

function isCacheable({ status, dependencies }: CachedResponse): boolean {
  return status === 200 && dependencies.areCurrent();
}
