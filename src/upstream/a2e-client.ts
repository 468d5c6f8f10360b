import { type Dispatcher, Pool } from 'undici';
import { TlsFailure, TokenRefused } from '../errors.ts';
import type { Credential } from '../task/credential.ts';
import type { TaskReader } from '../task/task-source.ts';
import type { VideoTask } from '../task/video-task.ts';
import { HEADER_TOKEN } from '../text-patterns.ts';
import { fingerprintBody } from './body-fingerprint.ts';
import { CallDeadline } from './call-deadline.ts';
import { ContractViolation, WrongTask } from './contract-violation.ts';
import { decodeAnswer } from './decode.ts';
import { statusFailure } from './http-status.ts';
import { type HttpResponse, postJson } from './post-json.ts';
import { type ProxySettings, proxyAgent } from './proxy.ts';
import { decodeBody } from './response-body.ts';
import { isResetOfReused, trackedConnector } from './reused-connection.ts';
import { failureCode, transportFailure } from './transport-failure.ts';
import type { UpstreamEvent } from './upstream-event.ts';

/** The vendor's path for the status of one task. */
const PATH = '/api/v1/video/awsResult';
/** Longer than the usual interval between polls, so that connections live on; a server's own hint shortens it. */
const KEEP_ALIVE_MS = 30_000;

/** The trace of a call. */
export interface TraceHeaders {
  /** Headers that carry the trace on, such as `traceparent`. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface A2eClientOptions<Trace extends TraceHeaders = TraceHeaders> {
  /** Scheme, host and port of A2E, and a base path where it has one. Tokens are sent here and nowhere else. */
  readonly origin: string | URL;
  /** For one whole call, connect to last byte, in ms. */
  readonly timeoutMs?: number;
  /** The greatest number of calls under way. Further calls wait, and the wait counts towards their deadline. */
  readonly maxConnections?: number;
  /** null: without a proxy. */
  readonly proxy?: ProxySettings | null;
  /** Called with the events of each call, and with the trace of the call where it has one. Must not throw. */
  readonly onEvent?: (event: UpstreamEvent, trace: Trace | null) => void;
  /** Called at the start of each `read`, before it returns: the trace of the call; null: it has none. */
  readonly traceOf?: () => Trace | null;
}

/** One call. */
interface Call<Trace> {
  readonly id: string;
  readonly token: string;
  readonly trace: Trace | null;
}

/**
 * Reads tasks from A2E over HTTP: one call per `read`, and no redirect is followed. If a reused connection breaks
 * before the first byte of a response, the call is repeated once, at once, over a new connection. `read` rejects with
 * the signal's reason or with an `UpstreamError` (see `statusFailure`, `decodeAnswer` and `transportFailure`). The
 * message of the error holds no token and no part of the response. The client owns its connections.
 */
export class A2eClient<Trace extends TraceHeaders = TraceHeaders> implements TaskReader, AsyncDisposable {
  readonly name = 'A2E';
  /** The address of every call. */
  readonly url: string;
  readonly #origin: string;
  readonly #path: string;
  readonly #timeoutMs: number;
  readonly #maxConnections: number;
  readonly #onEvent: (event: UpstreamEvent, trace: Trace | null) => void;
  readonly #traceOf: () => Trace | null;
  readonly #proxy: ProxySettings | null;
  readonly #retired = new Set<Dispatcher>();
  /** Each of its connections serves one call, so that a repeated call never meets another stale connection. */
  readonly #freshPool: Dispatcher;
  #pool: Dispatcher;
  #disposal: Promise<void> | undefined;

  constructor({ origin, proxy = null, timeoutMs = 10_000, maxConnections = 64, ...hooks }: A2eClientOptions<Trace>) {
    const { onEvent = () => {}, traceOf = () => null } = hooks;
    const url = new URL(origin);
    this.#origin = url.origin;
    this.#path = url.pathname.replace(/\/+$/, '') + PATH;
    this.url = this.#origin + this.#path;
    this.#timeoutMs = timeoutMs;
    this.#maxConnections = maxConnections;
    this.#onEvent = onEvent;
    this.#traceOf = traceOf;
    this.#proxy = proxy;
    this.#freshPool = this.#openPool();
    this.#pool = this.#openPool();
  }

  async read(id: string, credential: Credential, signal?: AbortSignal): Promise<VideoTask | null> {
    signal?.throwIfAborted();
    if (!HEADER_TOKEN.test(credential.token)) throw new TokenRefused('This cannot be a token of A2E');
    const pool = this.#pool;
    const trace = this.#traceOf();
    const response = await this.#call(pool, { id, token: credential.token, trace }, signal);
    try {
      const task = await this.#interpret(response, id);
      this.#onEvent({ kind: 'decoded' }, trace);
      if (task?.status === 'UNKNOWN') this.#onEvent({ kind: 'unknown-status' }, trace);
      return task;
    } catch (error) {
      if (error instanceof WrongTask) this.#retire(pool);
      if (error instanceof ContractViolation) this.#report(error, response, trace);
      throw error;
    }
  }

  /** Cuts every call under way. These calls and all later ones reject with `UpstreamUnavailable`. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= Promise.all([this.#pool, this.#freshPool, ...this.#retired].map((pool) => pool.destroy())).then(
      () => {},
    );
    return this.#disposal;
  }

  async #call(pool: Dispatcher, call: Call<Trace>, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const { trace } = call;
    const startedAt = performance.now();
    using deadline = new CallDeadline(this.#timeoutMs, signal);
    try {
      const response = await this.#exchange(pool, call, deadline.signal);
      signal?.throwIfAborted();
      this.#onEvent({ kind: 'answered', ms: performance.now() - startedAt, status: response.status }, trace);
      return response;
    } catch (error) {
      const ms = performance.now() - startedAt;
      if (signal?.aborted) {
        this.#onEvent({ kind: 'aborted', ms }, trace);
        throw signal.reason;
      }
      const reason = deadline.expired ? 'TIMEOUT' : failureCode(error);
      const failure = transportFailure(reason);
      // A call that the client cut itself proves nothing about A2E.
      if (this.#disposal !== undefined) this.#onEvent({ kind: 'aborted', ms }, trace);
      else this.#onEvent({ kind: failure instanceof TlsFailure ? 'tls-failure' : 'unanswered', ms, reason }, trace);
      throw failure;
    }
  }

  async #exchange(pool: Dispatcher, { id, token, trace }: Call<Trace>, signal: AbortSignal): Promise<HttpResponse> {
    const request = { origin: this.#origin, path: this.#path, id, token, signal, extraHeaders: trace?.headers };
    try {
      return await postJson(pool, request);
    } catch (error) {
      if (signal.aborted || !isResetOfReused(error)) throw error;
      return postJson(this.#freshPool, { ...request, once: true });
    }
  }

  async #interpret(response: HttpResponse, id: string): Promise<VideoTask | null> {
    const failure = statusFailure(response.status, response.headers);
    if (failure !== null) throw failure;
    if (response.status === 404) return null;
    return decodeAnswer(parseJson(await decodeBody(response.body, response.headers['content-encoding'])), id);
  }

  #report(violation: ContractViolation, { status, body }: HttpResponse, trace: Trace | null): void {
    const description = fingerprintBody(body.bytes);
    const { reason } = violation;
    const event: UpstreamEvent =
      violation instanceof WrongTask
        ? { kind: 'wrong-task', ...description }
        : { kind: 'contract-violation', reason, status, ...description };
    violation.logFields = { upstream: event };
    this.#onEvent(event, trace);
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
    };
    const connect = { rejectUnauthorized: true, timeout: this.#timeoutMs, allowH2: false };
    if (this.#proxy) return proxyAgent(this.#proxy, { ...options, connect });
    return new Pool(this.#origin, { ...options, connect: trackedConnector(connect) });
  }

  /**
   * Retires the pool after a response for another task, because requests and responses of its connection are out of
   * step. By then that connection is back among the idle ones and cannot be told from them. Calls under way finish on
   * the old pool; later calls use a new one.
   */
  #retire(pool: Dispatcher): void {
    if (pool !== this.#pool || this.#disposal !== undefined) return;
    this.#pool = this.#openPool();
    this.#retired.add(pool);
    const onClosed = (): void => void this.#retired.delete(pool);
    pool.close().then(onClosed, onClosed);
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
