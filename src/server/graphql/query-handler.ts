import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Client } from '../access/client.ts';
import { yogaAccept } from '../http/accept.ts';
import { disconnectSignal } from '../http/disconnect-signal.ts';
import { endToEndHeaders } from '../http/end-to-end-headers.ts';
import { etagMatches } from '../http/etag.ts';
import { replyErrors } from '../http/reply.ts';
import { bodyTooLargeError, readBody } from '../http/request-body.ts';
import { CacheDependencies } from './cache-dependencies.ts';
import type { OperationCounts } from './operation-counts.ts';
import type { OperationExecutor } from './operation-executor.ts';
import { type CachedResponse, ResponseCache, withETag } from './response-cache.ts';
import type { YogaHandler } from './yoga.ts';

export interface QueryHandlerOptions {
  readonly yoga: YogaHandler;
  readonly executor: OperationExecutor;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
  readonly counts: OperationCounts;
}

/** A request, with its body. */
export interface QueryRequest {
  readonly url: URL;
  readonly client: Client;
  /** null: a GET. */
  readonly body: Buffer<ArrayBuffer> | null;
  /** The media type of the response; null: `Accept` decides. */
  readonly type: string | null;
}

/**
 * Answers queries over HTTP: through Yoga, or from the cache while no state that the cached response shows has changed.
 * Callers share a cached response only if they have the same access, and their requests the same bytes.
 */
export class QueryHandler {
  readonly #options: QueryHandlerOptions;
  readonly #cache = new ResponseCache();

  constructor(options: QueryHandlerOptions) {
    this.#options = options;
  }

  /** Serves one request. Never rejects on account of the client. */
  async serve(request: IncomingMessage, response: ServerResponse, url: URL, client: Client): Promise<void> {
    const { executor, maxBodyBytes } = this.#options;
    const body = request.method === 'POST' ? await readBody(request, maxBodyBytes) : null;
    if (request.method === 'POST' && body === null) {
      const error = bodyTooLargeError(maxBodyBytes);
      executor.onRejected([error], client);
      return replyErrors(response, 413, [error.toJSON()]);
    }
    await this.respond(request, response, { url, client, body, type: null });
  }

  /** Answers a request with the body that was read before. */
  async respond(request: IncomingMessage, response: ServerResponse, query: QueryRequest): Promise<void> {
    const key = cacheKey(request, query);
    const cached = this.#cache.get(key);
    this.#options.counts.cache.add(cached ? 'hit' : 'miss');
    if (cached) {
      this.#options.counts.cachedTasks += cached.dependencies.size;
      query.client.trace?.cachedQuery();
      return send(request, response, cached);
    }
    const fetched = await this.#fetch(request, query, disconnectSignal(response));
    const answer = request.method === 'GET' ? withETag(fetched) : fetched;
    this.#cache.set(key, answer);
    send(request, response, answer);
  }

  async #fetch(
    incoming: IncomingMessage,
    { url, client, body, type }: QueryRequest,
    signal: AbortSignal,
  ): Promise<CachedResponse> {
    const { yoga } = this.#options;
    const { method = 'GET', headers } = incoming;
    const dependencies = new CacheDependencies();
    const accept = type ?? yogaAccept(headers.accept ?? '');
    const init = { method, headers: { 'content-type': headers['content-type'] ?? '', accept }, body };
    const answer = await yoga.fetch(new yoga.fetchAPI.Request(url, init), { client, dependencies, signal, incoming });
    return completed(answer.status, endToEndHeaders(answer.headers), await answer.text(), dependencies);
  }
}

/** A response with all headers that {@link send} writes: built once, sent often. */
function completed(
  status: number,
  headers: Record<string, string>,
  body: string,
  dependencies: CacheDependencies,
): CachedResponse {
  const length = `${Buffer.byteLength(body)}`;
  return {
    status,
    headers: { 'x-content-type-options': 'nosniff', ...headers, 'content-length': length },
    body,
    dependencies,
  };
}

/** Exact: the scope has its length in front, and a header has no line break. */
function cacheKey({ method, headers }: IncomingMessage, { url, client, body, type }: QueryRequest): string {
  const { credential, scope } = client.caller;
  const accept = type ?? headers.accept ?? '';
  const contentType = headers['content-type'] ?? '';
  const text = body?.toString('latin1') ?? '';
  return `${method} ${credential.key} ${scope.length} ${scope}\n${accept}\n${contentType}\n${url.search}\n${text}`;
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: CachedResponse): void {
  if (response.destroyed) return;
  const { etag } = headers;
  if (etag === undefined || !etagMatches(request.headers['if-none-match'], etag)) {
    response.writeHead(status, headers);
    return void response.end(body);
  }
  response.writeHead(304, { etag, 'cache-control': headers['cache-control'] });
  response.end();
}
