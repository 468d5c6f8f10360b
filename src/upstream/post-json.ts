import type { Dispatcher } from 'undici';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import { BodyCollector, type RawBody, UNREADABLE_BODY } from './response-body.ts';

/** An HTTP response that has been read to its end, or to the cap. */
export interface HttpResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: RawBody;
}

interface StatusRequest {
  readonly origin: string;
  readonly path: string;
  readonly id: string;
  readonly token: string;
  readonly signal: AbortSignal;
  /** Headers of the trace; undefined: the call is not traced. */
  readonly extraHeaders?: Readonly<Record<string, string>> | undefined;
  /** The connection is closed after the response. */
  readonly once?: boolean;
}

/**
 * Sends one POST and reads the whole response. Rejects with undici's error, or with {@link UnsentRequest}, if none
 * arrives. A response with an error status counts even if its body cannot be read. `signal` belongs to this call alone
 * and has not aborted yet.
 */
export function postJson(
  pool: Dispatcher,
  { origin, path, id, token, signal, extraHeaders, once = false }: StatusRequest,
): Promise<HttpResponse> {
  const collector = new ResponseCollector(signal);
  pool.dispatch(
    {
      method: 'POST',
      origin,
      path,
      headers: {
        ...extraHeaders,
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json',
        // Decompression costs more than a small response saves. A response that is compressed all the same is decoded.
        'accept-encoding': 'identity',
        'user-agent': 'video-task-gateway',
      },
      body: JSON.stringify({ _id: id }),
      reset: once,
    },
    collector,
  );
  return collector.response;
}

/** The request was not sent, because its connection failed first. The error has the code of its cause. */
export class UnsentRequest extends Error {
  readonly code: unknown;
  constructor(cause: Error) {
    super('The request was not sent', { cause });
    this.code = 'code' in cause ? cause.code : undefined;
  }
}

/**
 * Collects the chunks that undici reads, without the stream that `request` would build, because responses are small.
 */
class ResponseCollector implements Dispatcher.DispatchHandler {
  readonly response: Promise<HttpResponse>;
  readonly #settle: PromiseWithResolvers<HttpResponse>;
  readonly #signal: AbortSignal;
  readonly #body = new BodyCollector();
  #controller: Dispatcher.DispatchController | null = null;
  #status = 0;
  #headers: IncomingHttpHeaders = {};

  constructor(signal: AbortSignal) {
    this.#settle = Promise.withResolvers();
    this.response = this.#settle.promise;
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#cancel(), { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal.aborted) this.#cancel();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    this.#status = status;
    this.#headers = headers;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#body.add(chunk)) return;
    this.#resolve(this.#body.read());
    controller.abort(new Error('The answer is too large'));
  }

  onResponseEnd(): void {
    this.#resolve(this.#body.read());
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.#status >= 300) this.#resolve(UNREADABLE_BODY);
    else this.#settle.reject(this.#controller ? error : new UnsentRequest(error));
  }

  #resolve(body: RawBody): void {
    this.#settle.resolve({ status: this.#status, headers: this.#headers, body });
  }

  /** Before the peer has accepted a connection there is no controller to abort. */
  #cancel(): void {
    const reason = this.#signal.reason as Error;
    if (this.#controller) this.#controller.abort(reason);
    else this.#settle.reject(reason);
  }
}
