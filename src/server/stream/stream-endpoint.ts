import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLError, GraphQLFormattedError } from 'graphql';
import { EncodedResult } from '../../live/encoded-result.ts';
import { StreamWriter } from '../../live/stream-writer.ts';
import { type Completion, Subscriber } from '../../live/subscriber.ts';
import type { Client } from '../access/client.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import type { Operation, OperationExecutor } from '../graphql/operation-executor.ts';
import type { QueryHandler } from '../graphql/query-handler.ts';
import { parseRequest } from '../graphql/request-params.ts';
import { disconnectSignal } from '../http/disconnect-signal.ts';
import { replyErrors } from '../http/reply.ts';
import type { GracefullyClosable } from '../shutdown/graceful-shutdown.ts';
import { KeepAlive } from './keep-alive.ts';
import type { NegotiatedStream, StreamFormat } from './stream-format.ts';

export interface StreamEndpointOptions {
  readonly executor: OperationExecutor;
  /** Answers queries for clients that take a plain answer too. */
  readonly queries: QueryHandler;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
  /** How long a client may take nothing, in ms. */
  readonly stallMs: number;
  readonly maskError: (error: unknown) => GraphQLFormattedError;
}

/** A request that may be answered with a stream. */
interface StreamRequest {
  readonly url: URL;
  readonly client: Client;
  readonly negotiated: NegotiatedStream;
  /** Takes a place among the connections, and answers how to leave it; null: there is none. */
  readonly acquire: () => (() => void) | null;
}

const HEADERS = {
  'cache-control': 'no-cache, no-transform',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

const noop = (): void => {};

/**
 * Operations whose results stream in one HTTP response each: GraphQL over SSE, and Apollo's multipart subscriptions.
 * The bytes of a result are the same for all clients of a live result.
 */
export class StreamEndpoint implements Disposable, GracefullyClosable {
  readonly #options: StreamEndpointOptions;
  /** How to say goodbye to each. */
  readonly #open = new Map<ServerResponse, () => void>();
  readonly #keepAlive = new KeepAlive();

  constructor(options: StreamEndpointOptions) {
    this.#options = options;
  }

  /** Serves one request. Never rejects on account of the client. */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    { url, client, negotiated, acquire }: StreamRequest,
  ): Promise<void> {
    const { executor, queries, maxBodyBytes, maskError } = this.#options;
    const asked = await parseRequest(request, url, maxBodyBytes);
    if ('status' in asked) return replyErrors(response, asked.status, [maskError(asked.error)]);
    const prepared = await executor.prepare(asked.params, client);
    const streams = prepared.kind === 'ready' && prepared.operation.kind === 'subscription';
    if (negotiated.json !== null && !streams)
      return queries.respond(request, response, { url, client, body: asked.body, accept: negotiated.json });
    // The client may have disconnected meanwhile. 'close' is not emitted again, so a connection slot taken now would
    // never be released.
    if (response.destroyed) return;
    const overloaded = prepared.kind === 'rejected' ? prepared.errors.find(isOverloaded) : undefined;
    if (overloaded) {
      const retryAfter = { 'retry-after': `${overloaded.extensions['retryAfterSeconds']}` };
      return replyErrors(response, 503, [maskError(overloaded)], retryAfter);
    }
    const leave = acquire();
    if (!leave) return replyErrors(response, 503, [{ message: 'Too many connections' }], { 'retry-after': '5' });
    response.once('close', leave);
    this.#begin(response, negotiated.format);
    if (prepared.kind === 'ready') this.#run(prepared.operation, response, negotiated.format);
    else response.end(negotiated.format.closing(prepared.errors.map(maskError)));
  }

  /**
   * The response ends, but not the subscription: nothing says that it is complete, so clients ask again. A query's
   * answer is on its way anyhow.
   */
  closers(): (() => void)[] {
    return [...this.#open.values()];
  }

  /** Ends every stream: clients reconnect elsewhere. */
  [Symbol.dispose](): void {
    this.#keepAlive[Symbol.dispose]();
    for (const response of this.#open.keys()) destroyConnection(response);
  }

  #begin(response: ServerResponse, { contentType, opening, heartbeat }: StreamFormat): void {
    response.writeHead(200, { 'content-type': contentType, ...HEADERS });
    response.write(opening);
    response.socket?.setNoDelay(true);
    this.#open.set(response, noop);
    this.#keepAlive.add(response, heartbeat);
    response.on('error', () => destroyConnection(response));
    response.once('close', () => this.#open.delete(response));
  }

  #run(operation: Operation, response: ServerResponse, framing: StreamFormat): void {
    const { stallMs, maskError, executor } = this.#options;
    const outlet = new StreamWriter(response, { stallMs, onStall: () => destroyConnection(response) });
    const member = new Subscriber(
      {
        next: (frame) => outlet.write(framing.bytesOf(frame)),
        end: (how) => finish(response, framing, how, outlet),
      },
      outlet,
    );
    const stopExpiry = onExpiry(operation.client.caller.expiresAt, () => {
      leave();
      if (!response.writableEnded) finish(response, framing, [maskError(expired())], outlet);
    });
    const undo = operation.kind === 'subscription' ? executor.subscribe(operation, member) : () => member.close();
    const leave = (): void => {
      stopExpiry();
      undo();
      outlet.close();
    };
    response.once('close', leave);
    if (operation.kind === 'subscription') {
      this.#open.set(response, () => {
        leave();
        response.end();
      });
    } else {
      void executor.execute(operation, { signal: disconnectSignal(response) }).then((result) => {
        member.next(EncodedResult.of(result));
        member.end(null);
      });
    }
  }
}

function isOverloaded({ extensions }: GraphQLError): boolean {
  return extensions['code'] === 'OVERLOADED';
}

/** An answer that waits for an earlier one on its connection has no other way to disconnect its client. */
function destroyConnection(response: ServerResponse): void {
  response.req.socket.destroy();
}

function finish(response: ServerResponse, framing: StreamFormat, how: Completion, outlet: StreamWriter): void {
  response.end(framing.closing(how));
  // A peer that does not take even the last bytes is disconnected like any other that stalls.
  if (response.writableLength > 0) outlet.onceDrained({ flush: () => {} });
}
