import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type WebSocket, WebSocketServer } from 'ws';
import { createWatchPage, type ExampleTask } from '../../src/server/watch-page/watch-page.ts';

/** One subscription as it arrived, and the answers that a test can give it. */
export interface ScriptedCall {
  /** The ids that are asked for, and the first of them. */
  readonly ids: readonly string[];
  readonly id: string;
  readonly authorization: string | undefined;
  readonly overWebSocket: boolean;
  /** Resolves when the connection has closed. */
  readonly closed: Promise<unknown>;
  /** Sends one result; the first one opens an event stream. */
  next(result: unknown): void;
  complete(): void;
  /** Refuses the caller: an HTTP status with an error code in the body; on a WebSocket 4403. */
  refuse(status: number, code: string | null, headers?: Record<string, string>): void;
  /** Cuts the connection. */
  cut(): void;
}

/** The watch page on a server whose `/graphql` is scripted by a test, to produce rare behaviour of a real gateway. */
export interface ScriptedGateway extends AsyncDisposable {
  readonly url: string;
  /** Every subscription so far, oldest first. */
  readonly calls: readonly ScriptedCall[];
}

export interface ScriptedGatewayOptions {
  /** Whether to accept the upgrade of this number, from 1; `false` refuses each, so that the page goes over SSE. */
  readonly websocket?: boolean | ((upgrade: number) => boolean);
  readonly examples?: readonly ExampleTask[];
}

/** Starts one on a free port; `script` is called for every subscription. */
export async function startScriptedGateway(
  script: (call: ScriptedCall) => void,
  { websocket = true, examples = [] }: ScriptedGatewayOptions = {},
): Promise<ScriptedGateway> {
  const page = createWatchPage(examples);
  const calls: ScriptedCall[] = [];
  const take = (call: ScriptedCall): void => {
    calls.push(call);
    script(call);
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const asset = page(pathname);
    if (asset === null) return void streamCall(request, response).then(take);
    response.writeHead(asset.status, asset.headers).end(request.method === 'HEAD' ? undefined : asset.body);
  });
  const sockets = new WebSocketServer({ noServer: true });
  let upgrades = 0;
  server.on('upgrade', (request, stream, head) => {
    upgrades += 1;
    if (!(typeof websocket === 'function' ? websocket(upgrades) : websocket)) {
      stream.on('error', () => {});
      stream.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, stream as Socket, head, (socket) => converse(socket, take));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: { readonly Authorization?: string; readonly variables?: { readonly ids: string[] } };
}

/** graphql-transport-ws as far as the page speaks it. */
function converse(socket: WebSocket, take: (call: ScriptedCall) => void): void {
  const send = (message: unknown): void => socket.send(JSON.stringify(message));
  const closed = once(socket, 'close');
  let authorization: string | undefined;
  socket.on('message', (received: Buffer) => {
    const { id, type, payload } = JSON.parse(received.toString()) as Message;
    if (type === 'ping') send({ type: 'pong' });
    if (type === 'connection_init') {
      authorization = payload?.Authorization;
      send({ type: 'connection_ack' });
    }
    if (type !== 'subscribe') return;
    const ids = payload?.variables?.ids ?? [];
    take({
      ids,
      id: ids[0] ?? '',
      authorization,
      overWebSocket: true,
      closed,
      next: (result) => send({ id, type: 'next', payload: result }),
      complete: () => send({ id, type: 'complete' }),
      refuse: () => socket.close(4403, 'Forbidden'),
      cut: () => socket.terminate(),
    });
  });
}

/** GraphQL over SSE as far as the page speaks it. */
async function streamCall(request: IncomingMessage, response: ServerResponse): Promise<ScriptedCall> {
  const { variables } = JSON.parse(await text(request)) as { variables: { ids: string[] } };
  const open = () => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n\n');
  };
  return {
    ids: variables.ids,
    id: variables.ids[0] ?? '',
    authorization: request.headers.authorization,
    overWebSocket: false,
    closed: once(response, 'close'),
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
