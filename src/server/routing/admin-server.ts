import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from '../../observability/metrics.ts';
import type { Readiness } from '../../observability/readiness.ts';
import type { UnexpectedErrorHandler } from '../../observability/unexpected-errors.ts';
import { reply, replyJson } from '../http/reply.ts';
import { hasOneHost, requestUrl } from '../http/request-target.ts';
import type { StatusPage } from '../status-page/status-page.ts';
import { serveOperator } from './operator-routes.ts';

export interface AdminServerOptions {
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly status: StatusPage | null;
  readonly onUnexpectedError: UnexpectedErrorHandler;
}

/** The listener of `ADMIN_PORT`: it serves operators' tools alone, so that a firewall can keep it inside. */
export class AdminServer implements AsyncDisposable {
  readonly #server: Server;

  constructor(options: AdminServerOptions) {
    this.#server = createServer((request, response) => {
      serve(request, response, options).catch((error: unknown) => {
        options.onUnexpectedError(error, request);
        if (response.headersSent) request.socket.destroy();
        else reply(response, 500, { 'content-type': 'text/plain' }, 'Internal server error');
      });
    });
  }

  /** Resolves to the port once it listens; rejects when it cannot. */
  async listen(port: number, host: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function serve(request: IncomingMessage, response: ServerResponse, options: AdminServerOptions): Promise<void> {
  const url = hasOneHost(request) ? requestUrl(request) : null;
  if (!url) return replyJson(response, 400, { error: 'bad request' });
  if (options.status?.serve(url.pathname, request, response)) return;
  if (!(await serveOperator(url.pathname, response, options))) replyJson(response, 404, { error: 'not found' });
}
