import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { YogaServerInstance } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import type { GraphQLContext } from '../schema/context.ts';
import type { Caller } from './access/caller.ts';
import { departureOf } from './departure.ts';
import { replyErrors } from './http-reply.ts';
import { ReadLog } from './read-log.ts';
import { bodyTooLong, readBody } from './request-params.ts';
import { wholeBody } from './whole-body.ts';
import type { YogaContext } from './yoga.ts';

export interface QueryAnswersOptions {
  readonly yoga: YogaServerInstance<YogaContext, GraphQLContext>;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A text, not bytes: node writes it together with the headers. */
  readonly body: string;
  readonly reads: ReadLog;
}

const MAX_KEPT_BYTES = 32 * 1024 * 1024;
/** Of the objects around an answer, roughly. */
const OVERHEAD_BYTES = 512;

/**
 * Answers queries over HTTP: with Yoga, or, while nothing it depends on has changed, with the very answer that Yoga
 * gave to the same request of a caller who may see the same. A request is the same when all its bytes that count are.
 */
export class QueryAnswers {
  readonly #options: QueryAnswersOptions;
  readonly #answers: LRUCache<string, Answer>;

  constructor(options: QueryAnswersOptions) {
    this.#options = options;
    this.#answers = new LRUCache({
      maxSize: MAX_KEPT_BYTES,
      sizeCalculation: ({ body }, key) => 2 * (body.length + key.length) + OVERHEAD_BYTES,
    });
  }

  /** Serves one request. Never rejects on account of the client. */
  async serve(request: IncomingMessage, response: ServerResponse, url: URL, caller: Caller): Promise<void> {
    const { yoga, maxBodyBytes } = this.#options;
    const body = request.method === 'POST' ? wholeBody(request, maxBodyBytes) : null;
    if (!body && isChunked(request)) return this.#serveChunked(request, response, url, caller);
    if (!body && request.method !== 'GET')
      return void (await yoga(request, response, { caller, signal: departureOf(response) }));
    const bytes = await body;
    const key = keyOf(request, caller, url.search, bytes);
    const known = this.#answers.get(key);
    if (known?.reads.stands()) return send(request, response, known);
    const answer = await this.#ask(request, url, bytes, { caller, signal: departureOf(response) });
    if (answer.status !== 200 || !answer.reads.stands()) {
      this.#answers.delete(key);
      return send(request, response, answer);
    }
    const kept = request.method === 'GET' ? tagged(answer) : answer;
    this.#answers.set(key, kept);
    send(request, response, kept);
  }

  /** Yoga would leave a body that is too long on the connection, in front of whatever is asked next. */
  async #serveChunked(request: IncomingMessage, response: ServerResponse, url: URL, caller: Caller): Promise<void> {
    const { maxBodyBytes } = this.#options;
    const text = await readBody(request, maxBodyBytes);
    if (text === null) return replyErrors(response, 413, [bodyTooLong(maxBodyBytes).toJSON()]);
    const bytes = Buffer.from(text);
    send(request, response, await this.#ask(request, url, bytes, { caller, signal: departureOf(response) }));
  }

  async #ask(
    { method, headers }: IncomingMessage,
    url: URL,
    body: Buffer<ArrayBuffer> | null,
    context: Pick<YogaContext, 'caller' | 'signal'>,
  ): Promise<Answer> {
    const { yoga } = this.#options;
    const reads = new ReadLog();
    const init = { method: method ?? 'GET', headers: headers as Record<string, string>, body };
    const answer = await yoga.fetch(new yoga.fetchAPI.Request(url, init), { ...context, reads });
    return completed(answer.status, Object.fromEntries(answer.headers), await answer.text(), reads);
  }
}

function isChunked({ method, headers }: IncomingMessage): boolean {
  return method === 'POST' && headers['transfer-encoding'] !== undefined;
}

/** With all headers that {@link send} needs: made once, sent often. */
function completed(status: number, headers: Record<string, string>, body: string, reads: ReadLog): Answer {
  const length = `${Buffer.byteLength(body)}`;
  return {
    status,
    headers: { 'x-content-type-options': 'nosniff', ...headers, 'content-length': length },
    body,
    reads,
  };
}

/** With what lets a client ask whether there is anything new: RFC 9110, section 8.8.3. */
function tagged(answer: Answer): Answer {
  const etag = `"${createHash('sha256').update(answer.body).digest('base64url')}"`;
  return { ...answer, headers: { ...answer.headers, etag, 'cache-control': 'private, no-cache' } };
}

/** Exact: the scope has its length in front, and a header has no line break. */
function keyOf(
  { method, headers }: IncomingMessage,
  { credential, scope }: Caller,
  search: string,
  body: Buffer<ArrayBuffer> | null,
) {
  const { accept = '', 'content-type': type = '' } = headers;
  const text = body?.toString('latin1') ?? '';
  return `${method} ${credential.key} ${scope.length} ${scope}\n${accept}\n${type}\n${search}\n${text}`;
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed) return;
  const { etag } = headers;
  if (etag === undefined || !matches(request.headers['if-none-match'], etag)) {
    response.writeHead(status, headers);
    return void response.end(body);
  }
  response.writeHead(304, { etag, 'cache-control': headers['cache-control'] });
  response.end();
}

/** RFC 9110, section 13.1.2: weak comparison. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
