import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLError } from 'graphql';
import type { ClientCounts } from '../../live/client-counts.ts';
import { EncodedResult } from '../../live/encoded-result.ts';
import { StreamWriter } from '../../live/stream-writer.ts';
import { Subscriber } from '../../live/subscriber.ts';
import type { Client } from '../access/client.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import type { ErrorMasker } from '../graphql/error-masking.ts';
import type { Operation } from '../graphql/operation.ts';
import type { OperationExecutor } from '../graphql/operation-executor.ts';
import type { QueryHandler } from '../graphql/query-handler.ts';
import { parseRequest } from '../graphql/request-params.ts';
import { disconnectSignal } from '../http/disconnect-signal.ts';
import { replyErrors } from '../http/reply.ts';
import type { GracefullyClosable } from '../shutdown/graceful-shutdown.ts';
import { cutAfterWrites, cutResponse } from './cut-response.ts';
import { KeepAlive } from './keep-alive.ts';
import type { NegotiatedStream } from './negotiate.ts';
import type { StreamFormat } from './stream-format.ts';

export interface StreamEndpointOptions {
  readonly executor: OperationExecutor;
  /** Answers queries of clients that accept a plain response too. */
  readonly queries: QueryHandler;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
  /** How long a client may read no byte of a full buffer, in ms. */
  readonly stallMs: number;
  readonly maskError: ErrorMasker;
  readonly accessLog: AccessLog;
  readonly clients: Readonly<Record<StreamFormat['name'], ClientCounts>>;
}

/** A request that may be answered with a stream. */
interface StreamRequest {
  readonly url: URL;
  readonly client: Client;
  readonly negotiated: NegotiatedStream;
  /** Takes a connection slot and returns its release function; null when every slot is taken. */
  readonly acquire: () => (() => void) | null;
}

const HEADERS = {
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/**
 * Operations with results that stream in one HTTP response each: GraphQL over SSE, and Apollo's multipart subscriptions.
 * The bytes of a result are the same for all clients of a live result.
 */
export class StreamEndpoint implements Disposable, GracefullyClosable {
  readonly #options: StreamEndpointOptions;
  readonly #open = new Set<ServerResponse>();
  readonly #keepAlive = new KeepAlive();

  constructor(options: StreamEndpointOptions) {
    this.#options = options;
  }

  /** Serves one request. Never rejects because of the client. */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    { url, client, negotiated, acquire }: StreamRequest,
  ): Promise<void> {
    const { executor, queries, maxBodyBytes } = this.#options;
    const maskError = (error: unknown) => this.#options.maskError(error, request);
    const parsed = await parseRequest(request, url, maxBodyBytes);
    if ('status' in parsed) {
      executor.onRejected([parsed.error], client);
      return replyErrors(response, parsed.status, [maskError(parsed.error)]);
    }
    const prepared = await executor.prepare(parsed.params, client);
    const streams = prepared.kind === 'ready' && prepared.operation.kind === 'subscription';
    if (negotiated.json !== null && !streams)
      return queries.respond(request, response, {
        url,
        client: { ...client, trace: client.trace?.over('http') ?? null },
        body: parsed.body,
        type: negotiated.json,
      });
    // The client may have disconnected meanwhile. 'close' is not emitted again, so a connection slot taken now would
    // never be released.
    if (response.destroyed) return;
    if (prepared.kind === 'rejected') executor.onRejected(prepared.errors, client);
    const overloaded = prepared.kind === 'rejected' ? prepared.errors.find(isOverloaded) : undefined;
    if (overloaded) {
      const retryAfter = { 'retry-after': `${overloaded.extensions['retryAfterSeconds']}` };
      return replyErrors(response, 503, [maskError(overloaded)], retryAfter);
    }
    const release = acquire();
    if (!release) return replyErrors(response, 503, [{ message: 'Too many connections' }], { 'retry-after': '5' });
    response.once('close', release);
    this.#begin(response, negotiated.format);
    if (prepared.kind === 'ready') this.#run(prepared.operation, response, negotiated.format);
    else response.end(negotiated.format.closing(prepared.errors.map(maskError)));
  }

  /**
   * One function per open stream that cuts its connection after the bytes written so far. The stream ends without its
   * last chunk, so every client sees a broken connection and asks again. A normal end would read as completion.
   */
  closers(): (() => void)[] {
    return [...this.#open].map((response) => () => {
      this.#options.accessLog.ending(response, 'shutdown');
      cutAfterWrites(response);
    });
  }

  /** Cuts the connection of every stream. */
  [Symbol.dispose](): void {
    this.#keepAlive[Symbol.dispose]();
    for (const response of this.#open) {
      this.#options.accessLog.ending(response, 'shutdown');
      cutResponse(response);
    }
  }

  #begin(response: ServerResponse, { name, contentType, opening, heartbeat }: StreamFormat): void {
    const counts = this.#options.clients[name];
    response.writeHead(200, { 'content-type': contentType, ...HEADERS });
    response.write(opening);
    response.socket?.setNoDelay(true);
    this.#open.add(response);
    counts.connections += 1;
    this.#keepAlive.add(response, heartbeat);
    response.on('error', () => cutResponse(response));
    response.once('close', () => {
      this.#open.delete(response);
      counts.connections -= 1;
    });
  }

  #run(operation: Operation, response: ServerResponse, format: StreamFormat): void {
    const { stallMs, maskError, executor, clients, accessLog } = this.#options;
    const onStall = (): void => {
      clients[format.name].stalled += 1;
      accessLog.ending(response, 'stalled');
      cutResponse(response);
    };
    const counts = accessLog.stream(response, format.name, clients[format.name]);
    const writer = new StreamWriter(response, { stallMs, onStall });
    const subscriber = new Subscriber(
      {
        next: (result) => writer.write(format.bytesOf(result)),
        end: (completion) => finish(response, writer, format.closing(completion)),
      },
      writer,
      operation.kind === 'subscription' ? counts : undefined,
    );
    const stopExpiry = onExpiry(operation.client.caller.expiresAt, () => {
      accessLog.ending(response, 'token expired');
      subscriber.close('failed');
      leave();
      if (!response.writableEnded) finish(response, writer, format.closing([maskError(expired(), response.req)]));
    });
    const unsubscribe =
      operation.kind === 'subscription' ? executor.subscribe(operation, subscriber) : () => subscriber.close();
    const leave = (): void => {
      stopExpiry();
      unsubscribe();
      writer.close();
    };
    response.once('close', leave);
    if (operation.kind === 'subscription') return;
    void executor.execute(operation, { signal: disconnectSignal(response), subject: response.req }).then((result) => {
      subscriber.next(EncodedResult.of(result));
      subscriber.end(null);
    });
  }
}

function isOverloaded({ extensions }: GraphQLError): boolean {
  return extensions['code'] === 'OVERLOADED';
}

function finish(response: ServerResponse, writer: StreamWriter, lastBytes: string): void {
  // Node 24 loses what a corked response holds when the response ends.
  while (response.writableCorked > 0) response.uncork();
  response.end(lastBytes);
  // The stall detection covers the last bytes too.
  if (response.writableLength > 0) writer.onceDrained({ flush: () => {} });
}
