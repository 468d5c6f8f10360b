import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode, handleProtocols, MessageType, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { Outlet } from '../../live/outlet.ts';
import { type ConversationOptions, createConversation, type Peer, release } from './conversation.ts';
import { Heartbeat } from './heartbeat.ts';

export interface WebSocketEndpointOptions extends ConversationOptions {
  /** `MAX_BODY_BYTES`, of one frame. */
  readonly maxFrameBytes: number;
  /** Told of what is no mistake of the client. */
  readonly onUnforeseen: (error: unknown) => void;
}

/** How long a peer may take to answer a close frame, in ms: an option of ws 8.23 that its types lack. */
const CLOSE_TIMEOUT = { closeTimeout: 2_000 };

/** Messages of `graphql-transport-ws` that only a server may send. */
const SERVER_MESSAGES: ReadonlySet<unknown> = new Set([MessageType.ConnectionAck, MessageType.Next, MessageType.Error]);

/** GraphQL over WebSocket, protocol `graphql-transport-ws`: the sockets beneath the conversations. */
export class WebSocketEndpoint implements AsyncDisposable {
  readonly #onUnforeseen: (error: unknown) => void;
  readonly #conversation: Server<Peer>;
  readonly #sockets: WebSocketServer;
  readonly #heartbeat = new Heartbeat();

  constructor({ maxFrameBytes, onUnforeseen, ...options }: WebSocketEndpointOptions) {
    this.#onUnforeseen = onUnforeseen;
    this.#conversation = createConversation(options);
    this.#sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (protocols) => handleProtocols(protocols),
      maxPayload: maxFrameBytes,
      perMessageDeflate: false,
      ...CLOSE_TIMEOUT,
      // One message per turn of the event loop: what a message sets up is in place before the next one is read.
      allowSynchronousEvents: false,
    });
  }

  /** Takes over an upgrade request. */
  upgrade(request: IncomingMessage, stream: Socket, head: Buffer): void {
    this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#open(socket, stream));
  }

  /** Closes every socket with `code`, and terminates what has not closed after `graceMs`. */
  async close(code: number, reason: string, graceMs: number): Promise<void> {
    const closed = [...this.#sockets.clients].map((socket) => {
      socket.close(code, reason);
      return new Promise((resolve) => socket.once('close', resolve));
    });
    const fuse = setTimeout(() => {
      for (const socket of this.#sockets.clients) socket.terminate();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(fuse);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heartbeat[Symbol.dispose]();
    await this.close(1001, 'Going away', 1_000);
    this.#sockets.close();
  }

  #open(socket: WebSocket, stream: Socket): void {
    const outlet = new Outlet(stream, { onStall: () => socket.terminate() });
    const peer: Peer = { socket, outlet, running: new Set(), caller: null };
    const hangUp = (code: number, reason: string): void => {
      socket.close(code, reason);
      release(peer);
    };
    this.#heartbeat.add(socket);
    // A frame that breaks the protocol or is too long: ws closes with its code.
    socket.on('error', () => release(peer));
    socket.on('ping', () => relieve(peer));
    const closed = this.#conversation.opened(
      {
        protocol: socket.protocol,
        send: (text) => send(socket, text),
        close: hangUp,
        onMessage: (handle) => {
          socket.on('message', (message: Buffer, binary: boolean) => {
            if (socket.readyState !== socket.OPEN) return;
            if (binary) return hangUp(CloseCode.BadRequest, 'Binary frames are not part of the protocol');
            relieve(peer);
            const text = message.toString();
            handle(text).catch((error: unknown) => this.#broken(hangUp, text, error));
          });
        },
      },
      peer,
    );
    socket.once('close', (code, reason) => {
      closed(code, reason.toString()).catch(this.#onUnforeseen);
    });
  }

  /** graphql-ws throws at a message that only a server may send, and at what is unforeseen. */
  #broken(hangUp: (code: number, reason: string) => void, text: string, error: unknown): void {
    if (SERVER_MESSAGES.has(typeOf(text))) return hangUp(CloseCode.BadRequest, 'Unexpected message');
    this.#onUnforeseen(error);
    hangUp(CloseCode.InternalServerError, 'Internal server error');
  }
}

/** A peer that sends but does not read is not read from either, so that what it is owed stays bounded. */
function relieve({ socket, outlet }: Peer): void {
  if (!outlet.blocked || socket.isPaused) return;
  socket.pause();
  outlet.wait({ flush: () => socket.resume() });
}

function typeOf(text: string): unknown {
  const message: unknown = JSON.parse(text);
  return typeof message === 'object' && message !== null && 'type' in message ? message.type : undefined;
}

/** Resolves when the text is handed over; a socket that is closing takes none. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(text, () => resolve());
  });
}
