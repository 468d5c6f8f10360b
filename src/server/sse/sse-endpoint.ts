import type { IncomingMessage, ServerResponse } from 'node:http';
import type { GraphQLFormattedError } from 'graphql';
import { Delivery, type Ending } from '../../live/delivery.ts';
import { Outlet } from '../../live/outlet.ts';
import { ResultFrame } from '../../live/result-frame.ts';
import type { Caller } from '../access/caller.ts';
import { replyErrors } from '../http-reply.ts';
import type { Operation, Operations } from '../operations.ts';
import { readParams } from '../request-params.ts';
import { KeepAlive } from './keep-alive.ts';

export interface SseEndpointOptions {
  readonly operations: Operations;
  /** `MAX_BODY_BYTES` */
  readonly maxBodyBytes: number;
  readonly format: (error: unknown) => GraphQLFormattedError;
}

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};
const COMPLETE = 'event: complete\ndata:\n\n';

/** Whether a request asks for GraphQL over SSE. */
export function wantsEventStream(request: IncomingMessage): boolean {
  return request.headers.accept?.includes('text/event-stream') ?? false;
}

/**
 * GraphQL over SSE in distinct-connections mode: one operation per request, `next` events, then `complete`. The bytes
 * of an event are the same for all clients of a live result. Source: graphql-sse, PROTOCOL.md.
 */
export class SseEndpoint implements Disposable {
  readonly #options: SseEndpointOptions;
  readonly #open = new Set<ServerResponse>();
  readonly #keepAlive = new KeepAlive();

  constructor(options: SseEndpointOptions) {
    this.#options = options;
  }

  /** Serves one request. Never rejects on account of the client. */
  async serve(request: IncomingMessage, response: ServerResponse, url: URL, caller: Caller): Promise<void> {
    const { operations, maxBodyBytes, format } = this.#options;
    const params = await readParams(request, url, maxBodyBytes);
    if ('status' in params) return replyErrors(response, params.status, [format(params.error)]);
    if (response.destroyed) return;
    const operation = operations.prepare(params, caller);
    this.#begin(response);
    if ('kind' in operation) this.#run(operation, response);
    else finish(response, operation.map(format));
  }

  /** Ends every stream: clients reconnect elsewhere. */
  [Symbol.dispose](): void {
    this.#keepAlive[Symbol.dispose]();
    for (const response of this.#open) response.destroy();
  }

  #begin(response: ServerResponse): void {
    response.writeHead(200, HEADERS);
    response.flushHeaders();
    response.socket?.setNoDelay(true);
    this.#open.add(response);
    this.#keepAlive.add(response);
    response.once('close', () => this.#open.delete(response));
  }

  #run(operation: Operation, response: ServerResponse): void {
    const outlet = new Outlet(response, { onStall: () => response.destroy() });
    const member = new Delivery(
      {
        next: (frame) => response.write(frame.event),
        end: (how) => finish(response, how),
      },
      outlet,
    );
    if (operation.kind === 'subscription') {
      response.once('close', this.#options.operations.join(operation, member));
    } else {
      response.once('close', () => member.close());
      void this.#options.operations.execute(operation).then((frame) => {
        member.next(frame);
        member.end(null);
      });
    }
    response.once('close', () => outlet.close());
  }
}

function finish(response: ServerResponse, how: Ending): void {
  if (how) response.write(new ResultFrame(JSON.stringify({ errors: how })).event);
  response.end(COMPLETE);
}
