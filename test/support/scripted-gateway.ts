import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWatchPage } from '../../src/server/watch-page/watch-page.ts';

/** One subscription as it arrived, and what a test can do to it. */
export interface ScriptedCall {
  readonly id: string;
  readonly authorization: string | undefined;
  /** Sends one result; the first one opens the stream. */
  next(result: unknown): void;
  complete(): void;
  /** Answers with an HTTP status, and an error code in the body, instead of a stream. */
  refuse(status: number, code: string | null, headers?: Record<string, string>): void;
  /** Cuts the connection. */
  cut(): void;
}

/** The watch page on a server whose `/graphql` does what a test says, to produce what a real gateway rarely does. */
export interface ScriptedGateway extends AsyncDisposable {
  readonly url: string;
  /** Every subscription so far, oldest first. */
  readonly calls: readonly ScriptedCall[];
}

/** Starts one on a free port; `script` is called for every subscription. */
export async function startScriptedGateway(script: (call: ScriptedCall) => void): Promise<ScriptedGateway> {
  const page = createWatchPage();
  const calls: ScriptedCall[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const asset = page(pathname);
    if (asset !== null) {
      response.writeHead(asset.status, asset.headers).end(request.method === 'HEAD' ? undefined : asset.body);
      return;
    }
    const call = callOf(request, response, searchParams);
    calls.push(call);
    script(call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

function callOf(request: IncomingMessage, response: ServerResponse, query: URLSearchParams): ScriptedCall {
  const { id } = JSON.parse(query.get('variables') ?? '{}') as { id: string };
  const open = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
  };
  return {
    id,
    authorization: request.headers.authorization,
    next(result) {
      open();
      response.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`);
    },
    complete() {
      open();
      response.end('event: complete\ndata:\n\n');
    },
    refuse(status, code, headers = {}) {
      const errors = code === null ? [] : [{ message: 'Refused.', extensions: { code } }];
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify({ errors }));
    },
    cut: () => void response.destroy(),
  };
}
