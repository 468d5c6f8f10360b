import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';
import { CallbackQueue } from './callback-queue.ts';

/** A message of `graphql-transport-ws`, as it came. */
export interface Message {
  readonly type: string;
  readonly id?: string;
  readonly payload?: unknown;
}

export interface Closing {
  readonly code: number;
  readonly reason: string;
}

/** A client that speaks raw `graphql-transport-ws`, right or wrong, and keeps every message that arrives. */
export interface WsClient extends AsyncDisposable {
  readonly socket: WebSocket;
  readonly messages: CallbackQueue<Message>;
  /** Resolves once the socket has closed. */
  readonly closed: Promise<Closing>;
  /** Sends a message, or text as it is. */
  send(message: unknown): void;
  /** Sends several messages in one TCP segment. */
  sendTogether(...messages: readonly unknown[]): void;
  subscribe(id: string, query: string, variables?: Record<string, unknown>): void;
  /** All messages about one operation so far. */
  about(id: string): readonly Message[];
  /** Resolves to all messages about one operation once it has ended. */
  ended(id: string): Promise<readonly Message[]>;
}

export interface WsClientOptions extends Omit<ClientOptions, 'protocol'> {
  /** null: none is asked for. */
  readonly protocol?: string | null;
}

/** Opens a socket to a gateway; rejects when the upgrade is refused. */
export async function openSocket(gatewayUrl: string, options: WsClientOptions = {}): Promise<WsClient> {
  const { protocol = 'graphql-transport-ws', ...rest } = options;
  const url = `${gatewayUrl.replace('http', 'ws')}/graphql`;
  const socket = protocol === null ? new WebSocket(url, rest) : new WebSocket(url, protocol, rest);
  const messages = new CallbackQueue<Message>();
  socket.on('message', (text) => messages.put(JSON.parse(String(text)) as Message));
  const closed = new Promise<Closing>((resolve) => {
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
  });
  await once(socket, 'open');
  socket.on('error', () => {});
  return clientOf(socket, messages, closed);
}

/** Opens a socket and waits for its `connection_ack`; rejects when the socket closes before it. */
export async function connect(
  gatewayUrl: string,
  connectionParams?: unknown,
  options: WsClientOptions = {},
): Promise<WsClient> {
  const client = await openSocket(gatewayUrl, options);
  client.send({ type: 'connection_init', ...(connectionParams === undefined ? {} : { payload: connectionParams }) });
  const tooEarly = client.closed.then(({ code, reason }) => {
    throw new Error(`closed before the acknowledgement: ${code} ${reason}`);
  });
  await Promise.race([client.messages.find(({ type }) => type === 'connection_ack'), tooEarly]);
  return client;
}

function clientOf(socket: WebSocket, messages: CallbackQueue<Message>, closed: Promise<Closing>): WsClient {
  const textOf = (message: unknown) => (typeof message === 'string' ? message : JSON.stringify(message));
  const about = (id: string) => messages.all.filter((message) => message.id === id);
  return {
    socket,
    messages,
    closed,
    about,
    send: (message) => socket.send(textOf(message)),
    sendTogether(...parts) {
      const stream = tcpOf(socket);
      stream.cork();
      for (const message of parts) socket.send(textOf(message));
      stream.uncork();
    },
    subscribe(id, query, variables = {}) {
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
    },
    async ended(id) {
      await messages.find((message) => message.id === id && (message.type === 'complete' || message.type === 'error'));
      return about(id);
    },
    async [Symbol.asyncDispose]() {
      socket.terminate();
      await closed;
    },
  };
}

/** The TCP socket beneath a WebSocket of ws. */
export function tcpOf(socket: WebSocket): Socket {
  return (socket as unknown as { readonly _socket: Socket })._socket;
}
