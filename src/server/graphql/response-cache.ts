import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { YogaServerInstance } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { GraphQLContext } from '../../schema/context.ts';
import type { Caller } from '../access/authenticator.ts';
import { disconnectSignal } from '../http/disconnect-signal.ts';
import { replyErrors } from '../http/reply.ts';
import { bodyTooLargeError, readBody } from '../http/request-body.ts';
import { CacheDependencies } from './cache-dependencies.ts';
import type { YogaContext } from './yoga.ts';

export interface ResponseCacheOptions {
  readonly yoga: YogaServerInstance<YogaContext, GraphQLContext>;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
}

/** A request whose body has been read. */
export interface QueryRequest {
  readonly url: URL;
  readonly caller: Caller;
  /** null: a GET. */
  readonly body: Buffer<ArrayBuffer> | null;
  /** The media types to choose from, as in `Accept`. */
  readonly accept: string;
}

interface CachedResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text, not bytes: node writes it together with the headers. */
  readonly body: string;
  readonly dependencies: CacheDependencies;
}

const MAX_CACHED_BYTES = 32 * 1024 * 1024;
/** Of the objects around an answer, roughly. */
const OVERHEAD_BYTES = 512;

/**
 * Answers queries over HTTP: with Yoga, or, while nothing it depends on has changed, with the very answer that Yoga
 * gave to the same request of a caller who may see the same. A request is the same when all its bytes that count are.
 */
export class ResponseCache {
  readonly #options: ResponseCacheOptions;
  readonly #responses: LRUCache<string, CachedResponse>;

  constructor(options: ResponseCacheOptions) {
    this.#options = options;
    this.#responses = new LRUCache({
      maxSize: MAX_CACHED_BYTES,
      sizeCalculation: ({ body }, key) => 2 * (body.length + key.length) + OVERHEAD_BYTES,
    });
  }

  /** Serves one request. Never rejects on account of the client. */
  async serve(request: IncomingMessage, response: ServerResponse, url: URL, caller: Caller): Promise<void> {
    const { maxBodyBytes } = this.#options;
    const body = request.method === 'POST' ? await readBody(request, maxBodyBytes) : null;
    if (request.method === 'POST' && body === null)
      return replyErrors(response, 413, [bodyTooLargeError(maxBodyBytes).toJSON()]);
    await this.respond(request, response, { url, caller, body, accept: request.headers.accept ?? '' });
  }

  /** Answers a request whose body has been read. */
  async respond(request: IncomingMessage, response: ServerResponse, question: QueryRequest): Promise<void> {
    const key = keyOf(request, question);
    const known = this.#responses.get(key);
    if (known?.dependencies.areCurrent()) return send(request, response, known);
    const answer = await this.#fetch(request, question, disconnectSignal(response));
    if (answer.status !== 200 || !answer.dependencies.areCurrent()) {
      this.#responses.delete(key);
      return send(request, response, answer);
    }
    const kept = request.method === 'GET' ? tagged(answer) : answer;
    this.#responses.set(key, kept);
    send(request, response, kept);
  }

  async #fetch(
    { method = 'GET', headers }: IncomingMessage,
    { url, caller, body, accept }: QueryRequest,
    signal: AbortSignal,
  ): Promise<CachedResponse> {
    const { yoga } = this.#options;
    const dependencies = new CacheDependencies();
    const init = { method, headers: { ...(headers as Record<string, string>), accept }, body };
    const answer = await yoga.fetch(new yoga.fetchAPI.Request(url, init), { caller, dependencies, signal });
    return completed(answer.status, Object.fromEntries(answer.headers), await answer.text(), dependencies);
  }
}

/** With all headers that {@link send} needs: made once, sent often. */
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

/** With what lets a client ask whether there is anything new: RFC 9110, section 8.8.3. */
function tagged(answer: CachedResponse): CachedResponse {
  const etag = `"${createHash('sha256').update(answer.body).digest('base64url')}"`;
  return { ...answer, headers: { ...answer.headers, etag, 'cache-control': 'private, no-cache' } };
}

/** Exact: the scope has its length in front, and a header has no line break. */
function keyOf(
  { method, headers }: IncomingMessage,
  { url, caller: { credential, scope }, body, accept }: QueryRequest,
): string {
  const type = headers['content-type'] ?? '';
  const text = body?.toString('latin1') ?? '';
  return `${method} ${credential.key} ${scope.length} ${scope}\n${accept}\n${type}\n${url.search}\n${text}`;
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

/** RFC 9110, section 13.1.2: weak comparison. */
function etagMatches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
