import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import { Delivery, type Ending } from '../../live/delivery.ts';
import { Outlet } from '../../live/outlet.ts';
import type { Caller } from '../access/caller.ts';
import { expired, onExpiry } from '../access/expiry.ts';
import { departureOf } from '../departure.ts';
import type { Farewells } from '../drain.ts';
import { replyErrors } from '../http-reply.ts';
import type { Operation, Operations } from '../operations.ts';
import type { QueryAnswers } from '../query-answers.ts';
import { readParams } from '../request-params.ts';
import type { Framing, StreamWish } from './framing.ts';
import { KeepAlive } from './keep-alive.ts';

export interface SseEndpointOptions {
  readonly operations: Operations;
  /** Answers what needs no stream, for clients that take a plain answer too. */
  readonly queries: QueryAnswers;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
  /** How long a client may take nothing, in ms. */
  readonly stallMs: number;
  readonly format: (error: unknown) => GraphQLFormattedError;
}

/** A request that may be answered with a stream. */
interface StreamRequest {
  readonly url: URL;
  readonly caller: Caller;
  readonly wish: StreamWish;
  /** Takes a place among the connections, and answers how to leave it; null: there is none. */
  readonly enter: () => (() => void) | null;
}

const HEADERS = {
  'cache-control': 'no-cache, no-transform',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

const NO_FAREWELL = (): void => {};

/**
 * Operations whose results stream in one HTTP response each: GraphQL over SSE, and Apollo's multipart subscriptions.
 * The bytes of a result are the same for all clients of a live result.
 */
export class SseEndpoint implements Disposable, Farewells {
  readonly #options: SseEndpointOptions;
  /** How to say goodbye to each. */
  readonly #open = new Map<ServerResponse, () => void>();
  readonly #keepAlive = new KeepAlive();

  constructor(options: SseEndpointOptions) {
    this.#options = options;
  }

  /** Serves one request. Never rejects on account of the client. */
  async serve(
    request: IncomingMessage,
    response: ServerResponse,
    { url, caller, wish, enter }: StreamRequest,
  ): Promise<void> {
    const { operations, queries, maxBodyBytes, format } = this.#options;
    const asked = await readParams(request, url, maxBodyBytes);
    if ('status' in asked) return replyErrors(response, asked.status, [format(asked.error)]);
    const operation = operations.prepare(asked.params, caller);
    const streams = 'kind' in operation && operation.kind === 'subscription';
    if (wish.json !== null && !streams)
      return queries.answer(request, response, { url, caller, body: asked.body, accept: wish.json });
    // Whoever has gone meanwhile closes no second time: the place would be taken for ever.
    if (response.destroyed) return;
    const leave = enter();
    if (!leave) return replyErrors(response, 503, [{ message: 'Too many connections' }], { 'retry-after': '5' });
    response.once('close', leave);
    this.#begin(response, wish.framing);
    if ('kind' in operation) this.#run(operation, response, wish.framing);
    else response.end(wish.framing.closing(operation.map(format)));
  }

  /**
   * The response ends, but not the subscription: nothing says that it is complete, so clients ask again. A query's
   * answer is on its way anyhow.
   */
  farewells(): (() => void)[] {
    return [...this.#open.values()];
  }

  /** Ends every stream: clients reconnect elsewhere. */
  [Symbol.dispose](): void {
    this.#keepAlive[Symbol.dispose]();
    for (const response of this.#open.keys()) cut(response);
  }

  #begin(response: ServerResponse, { contentType, opening, heartbeat }: Framing): void {
    response.writeHead(200, { 'content-type': contentType, ...HEADERS });
    response.write(opening);
    response.socket?.setNoDelay(true);
    this.#open.set(response, NO_FAREWELL);
    this.#keepAlive.add(response, heartbeat);
    response.on('error', () => cut(response));
    response.once('close', () => this.#open.delete(response));
  }

  #run(operation: Operation, response: ServerResponse, framing: Framing): void {
    const { stallMs, format, operations } = this.#options;
    const outlet = new Outlet(response, { stallMs, onStall: () => cut(response) });
    const member = new Delivery(
      {
        next: (frame) => outlet.write(framing.bytesOf(frame)),
        end: (how) => finish(response, framing, how, outlet),
      },
      outlet,
    );
    const stopExpiry = onExpiry(operation.caller.expiresAt, () => {
      leave();
      if (!response.writableEnded) finish(response, framing, [format(expired())], outlet);
    });
    const undo = operation.kind === 'subscription' ? operations.join(operation, member) : () => member.close();
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
      void operations.execute(operation, departureOf(response)).then((frame) => {
        member.next(frame);
        member.end(null);
      });
    }
  }
}

/** An answer that waits for an earlier one on its connection has no other way to disconnect its client. */
function cut(response: ServerResponse): void {
  response.req.socket.destroy();
}

function finish(response: ServerResponse, framing: Framing, how: Ending, outlet: Outlet): void {
  response.end(framing.closing(how));
  // A peer that does not take even the last bytes is disconnected like any other that stalls.
  if (response.writableLength > 0) outlet.wait({ flush: () => {} });
}
