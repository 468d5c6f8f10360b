import { type Dispatcher, Pool } from 'undici';
import { TokenRefused } from '../errors.ts';
import type { Credential } from '../task/credential.ts';
import type { TaskSource } from '../task/task-source.ts';
import type { VideoTask } from '../task/video-task.ts';
import { fingerprintBody } from './body-fingerprint.ts';
import { CallDeadline } from './call-deadline.ts';
import { ContractViolation, WrongTask } from './contract-violation.ts';
import { decodeAnswer } from './decode.ts';
import { statusFailure } from './http-status.ts';
import { type HttpResponse, postJson } from './post-json.ts';
import { type ProxySettings, proxyAgent } from './proxy.ts';
import { decodeBody } from './response-body.ts';
import { isResetOfReused, trackedConnector } from './reused-connection.ts';
import { failureCode, TlsFailure, transportFailure } from './transport-failure.ts';
import type { UpstreamEvent } from './upstream-event.ts';

/** The vendor's path for the status of one task. */
const PATH = '/api/v1/video/awsResult';
/** Longer than the usual interval between polls, so that connections live on; a server's own hint shortens it. */
const KEEP_ALIVE_MS = 30_000;
/** The characters of a bearer token in a header: RFC 6750's alphabet and some more. */
const TOKEN = /^[\x21-\x7e]+$/;

export interface A2eClientOptions {
  /** Scheme, host and port of A2E, and a base path where it has one. Tokens are sent here and nowhere else. */
  readonly origin: string | URL;
  /** For one whole call, connect to last byte, in ms. */
  readonly timeoutMs?: number;
  /** Calls under way at most; further ones wait, within their own deadline. */
  readonly maxConnections?: number;
  /** null: straight. Calls through a proxy are never repeated. */
  readonly proxy?: ProxySettings | null;
  /** Called with the events of each call. Must not throw. */
  readonly onEvent?: (event: UpstreamEvent) => void;
}

/**
 * A2E over HTTP: one call per `read`, never a redirect. A call over a reused connection that breaks before the first byte of an
 * answer is repeated once, at once, over a new connection. Rejects with an `UpstreamError` whose message
 * holds no token and no part of the answer (see `statusFailure`, `decodeAnswer` and `transportFailure` for which), or
 * with the signal's reason. Owns its connections.
 */
export class A2eClient implements TaskSource, AsyncDisposable {
  readonly #origin: string;
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #maxConnections: number;
  readonly #onEvent: (event: UpstreamEvent) => void;
  readonly #proxy: ProxySettings | null;
  readonly #retired = new Set<Dispatcher>();
  /** Each of its connections serves one call, so that a repeated call never meets another stale connection. */
  readonly #freshPool: Dispatcher;
  #pool: Dispatcher;
  #disposal: Promise<void> | undefined;

  constructor({ origin, proxy = null, timeoutMs = 10_000, maxConnections = 64, onEvent = () => {} }: A2eClientOptions) {
    const url = new URL(origin);
    this.#origin = url.origin;
    this.#path = url.pathname.replace(/\/+$/, '') + PATH;
    this.#timeoutMs = timeoutMs;
    this.#maxConnections = maxConnections;
    this.#onEvent = onEvent;
    this.#proxy = proxy;
    this.#freshPool = this.#openPool();
    this.#pool = this.#openPool();
  }

  async read(id: string, credential: Credential, signal?: AbortSignal): Promise<VideoTask | null> {
    signal?.throwIfAborted();
    if (!TOKEN.test(credential.token)) throw new TokenRefused('This cannot be a token of A2E');
    const pool = this.#pool;
    const answer = await this.#ask(pool, id, credential.token, signal);
    try {
      const task = await this.#interpret(answer, id);
      this.#onEvent({ kind: 'decoded' });
      if (task?.status === 'UNKNOWN') this.#onEvent({ kind: 'unknown-status' });
      return task;
    } catch (error) {
      if (error instanceof WrongTask) this.#retire(pool);
      if (error instanceof ContractViolation) this.#report(error, answer);
      throw error;
    }
  }

  /** Cuts every call under way, which then rejects with `UpstreamUnavailable`, as later ones do. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= Promise.all([this.#pool, this.#freshPool, ...this.#retired].map((pool) => pool.destroy())).then(
      () => {},
    );
    return this.#disposal;
  }

  async #ask(pool: Dispatcher, id: string, token: string, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const startedAt = performance.now();
    using deadline = new CallDeadline(this.#timeoutMs, signal);
    try {
      const answer = await this.#exchange(pool, id, token, deadline.signal);
      signal?.throwIfAborted();
      this.#onEvent({ kind: 'answered', ms: performance.now() - startedAt, status: answer.status });
      return answer;
    } catch (error) {
      const ms = performance.now() - startedAt;
      if (signal?.aborted) {
        this.#onEvent({ kind: 'aborted', ms });
        throw signal.reason;
      }
      const reason = deadline.expired ? 'TIMEOUT' : failureCode(error);
      const failure = transportFailure(reason);
      this.#onEvent({ kind: failure instanceof TlsFailure ? 'tls-failure' : 'unanswered', ms, reason });
      throw failure;
    }
  }

  async #exchange(pool: Dispatcher, id: string, token: string, signal: AbortSignal): Promise<HttpResponse> {
    const question = { origin: this.#origin, path: this.#path, id, token, signal };
    try {
      return await postJson(pool, question);
    } catch (error) {
      if (signal.aborted || !isResetOfReused(error)) throw error;
      return postJson(this.#freshPool, { ...question, once: true });
    }
  }

  async #interpret(answer: HttpResponse, id: string): Promise<VideoTask | null> {
    const failure = statusFailure(answer.status, answer.headers);
    if (failure !== null) throw failure;
    if (answer.status === 404) return null;
    return decodeAnswer(parseJson(await decodeBody(answer.body, answer.headers['content-encoding'])), id);
  }

  #report(violation: ContractViolation, { status, body }: HttpResponse): void {
    const description = fingerprintBody(body.bytes);
    if (violation instanceof WrongTask) this.#onEvent({ kind: 'wrong-task', ...description });
    else this.#onEvent({ kind: 'contract-violation', reason: violation.reason, status, ...description });
  }

  #openPool(): Dispatcher {
    const options = {
      allowH2: false,
      connections: this.#maxConnections,
      pipelining: 1,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The call's own deadline covers every phase; undici's per-chunk timers would only repeat it.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: trackedConnector({ rejectUnauthorized: true, timeout: this.#timeoutMs, allowH2: false }),
    };
    return this.#proxy ? proxyAgent(this.#proxy, options) : new Pool(this.#origin, options);
  }

  /**
   * An answer for another task means that requests and answers are out of step, and by then its connection
   * is back among the idle ones. So none of them is used again: calls under way end on them, later ones connect anew.
   */
  #retire(pool: Dispatcher): void {
    if (pool !== this.#pool || this.#disposal !== undefined) return;
    this.#pool = this.#openPool();
    this.#retired.add(pool);
    const forget = (): void => void this.#retired.delete(pool);
    pool.close().then(forget, forget);
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    const reason = body.trimStart().startsWith('<') ? 'html' : 'not-json';
    throw new ContractViolation(reason, 'A2E answered with something that is not JSON');
  }
}
