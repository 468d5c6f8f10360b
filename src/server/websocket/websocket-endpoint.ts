import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode, handleProtocols, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import { StreamWriter } from '../../live/stream-writer.ts';
import type { Timeouts } from '../limits/timeouts.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import type { GracefullyClosable } from '../shutdown/graceful-shutdown.ts';
import { EventLoopQueue } from './event-loop-queue.ts';
import { Heartbeat } from './heartbeat.ts';
import { InboundThrottle, type InboundThrottleOptions } from './inbound-throttle.ts';
import { parseMessage } from './message.ts';
import { type ConnectionState, createProtocolServer, type ProtocolOptions, releaseConnection } from './protocol.ts';

export interface WebSocketEndpointOptions extends Omit<ProtocolOptions, 'connectionInitMs'> {
  /** `MAX_BODY_BYTES`, of one frame. */
  readonly maxFrameBytes: number;
  readonly timeouts: Timeouts;
  /** Told of what is no mistake of the client. */
  readonly onUnexpectedError: (error: unknown) => void;
}

/** The upgrade that a socket began with. */
interface UpgradeOrigin extends Pick<ConnectionState, 'address' | 'authorization'> {
  readonly stream: Socket;
}

/** How long a peer may take to answer a close frame, in ms: an option of ws 8.23 that its types lack. */
const CLOSE_TIMEOUT = { closeTimeout: 2_000 };

/** Of one message: no client splits what fits one frame into more, and every part costs memory. */
const MAX_FRAGMENTS = 64;
/** Of one frame, as it comes: each piece takes memory as hundreds of bytes do. A slow link brings some 500 in one. */
const MIN_CHUNKS = 512;
const BYTES_PER_CHUNK = 128;
/** Frames a client may send at once: to begin and end all the subscriptions it may have, and something beside. */
const MIN_FRAME_BURST = 300;
const FRAMES_PER_SUBSCRIPTION = 3;
/** Frames a client may send per second in the long run: far more than it has reason to, far less than it can. */
const FRAMES_PER_SECOND = 100;
/** How much text a client may send at once, and per second in the long run: in messages of the longest, at least. */
const LONGEST_MESSAGES = 2;
/** And for every subscription it may have, in bytes. */
const TEXT_BYTES_PER_SUBSCRIPTION = 1024;
/** The close code of RFC 6455's registry. */
const SERVICE_RESTART = 1012;
/** How long a client that was told to go may take to do so, in ms. */
const CLOSE_GRACE_MS = 1_000;

/** GraphQL over WebSocket, protocol `graphql-transport-ws`: the sockets beneath the conversations. */
export class WebSocketEndpoint implements AsyncDisposable, GracefullyClosable {
  readonly #onUnexpectedError: (error: unknown) => void;
  readonly #protocol: Server<ConnectionState>;
  readonly #sockets: WebSocketServer;
  readonly #heartbeat: Heartbeat;
  readonly #stallMs: number;
  readonly #floodBackoffMs: number;
  readonly #frameBurst: number;
  readonly #maxFrameBytes: number;
  readonly #textBytesPerSecond: number;
  readonly #queue = new EventLoopQueue();

  constructor({ maxFrameBytes, timeouts, onUnexpectedError, ...options }: WebSocketEndpointOptions) {
    this.#onUnexpectedError = onUnexpectedError;
    this.#heartbeat = new Heartbeat(timeouts.pingMs);
    this.#stallMs = timeouts.stallMs;
    this.#floodBackoffMs = timeouts.floodBackoffMs;
    this.#frameBurst = Math.max(MIN_FRAME_BURST, FRAMES_PER_SUBSCRIPTION * options.maxSubscriptions);
    this.#maxFrameBytes = maxFrameBytes;
    this.#textBytesPerSecond = Math.max(
      LONGEST_MESSAGES * maxFrameBytes,
      TEXT_BYTES_PER_SUBSCRIPTION * options.maxSubscriptions,
    );
    this.#protocol = createProtocolServer({ ...options, connectionInitMs: timeouts.connectionInitMs });
    this.#sockets = new WebSocketServer({
      noServer: true,
      handleProtocols: (protocols) => handleProtocols(protocols),
      maxPayload: maxFrameBytes,
      maxFragments: MAX_FRAGMENTS,
      maxBufferedChunks: Math.max(MIN_CHUNKS, maxFrameBytes / BYTES_PER_CHUNK),
      perMessageDeflate: false,
      ...CLOSE_TIMEOUT,
      // All frames that came together are counted at once, so that a flood is seen before any of it is handled.
      allowSynchronousEvents: true,
    });
  }

  /** Takes over an upgrade request. */
  upgrade(request: IncomingMessage, stream: Socket, head: Buffer, address: string): void {
    const { authorization } = request.headers;
    const begin = (socket: WebSocket): void => this.#open(socket, { stream, address, authorization });
    this.#sockets.handleUpgrade(request, stream, head, begin);
  }

  /** Clients of graphql-ws connect again, elsewhere. */
  closers(): (() => void)[] {
    return [...this.#sockets.clients].map((socket) => () => socket.close(SERVICE_RESTART, 'Service restart'));
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

  /** How much one client may send. */
  #allowances(): Pick<InboundThrottleOptions, 'frames' | 'text' | 'maxWaiting' | 'queue'> {
    return {
      frames: new TokenBucket({ burst: this.#frameBurst, perSecond: FRAMES_PER_SECOND }),
      text: new TokenBucket({ burst: this.#textBytesPerSecond, perSecond: this.#textBytesPerSecond }),
      maxWaiting: this.#maxFrameBytes,
      queue: this.#queue,
    };
  }

  #open(socket: WebSocket, { stream, ...upgrade }: UpgradeOrigin): void {
    const writer = new StreamWriter(stream, { stallMs: this.#stallMs, onStall: () => socket.terminate() });
    const idle = { caller: null, stopExpiry: () => {} };
    const peer: ConnectionState = { socket, writer, running: new Set(), ...upgrade, ...idle };
    let dismissed = false;
    const hangUp = (code: number, reason: string): void => {
      if (dismissed) return;
      socket.close(code, closeReason(reason));
      releaseConnection(peer);
    };
    const broken = (error: unknown): void => {
      this.#onUnexpectedError(error);
      hangUp(CloseCode.InternalServerError, 'Internal server error');
    };
    this.#heartbeat.add(socket);
    // A frame that breaks the protocol or is too long: ws closes with its code.
    socket.on('error', () => releaseConnection(peer));
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => send(socket, text),
        close: hangUp,
        onMessage: (handle) => {
          const take = (text: string): void => {
            const reading = parseMessage(text);
            if ('refusal' in reading) return hangUp(CloseCode.BadRequest, reading.refusal);
            // graphql-ws keeps what it is given while an operation lives: given no text, it takes a message as it is.
            void handle(reading.message as unknown as string).catch(broken);
          };
          const onFlood = (): void => {
            dismissed = true;
            closeAfterBackoff(peer, this.#floodBackoffMs);
          };
          const intake = new InboundThrottle({ ...this.#allowances(), socket, writer, handle: take, onFlood });
          socket.on('message', (message: Buffer, binary: boolean) => {
            if (socket.readyState !== socket.OPEN) return;
            if (binary) return hangUp(CloseCode.BadRequest, 'Binary frames are not part of the protocol');
            intake.receive(message.toString());
          });
        },
      },
      peer,
    );
    socket.once('close', (code, reason) => {
      closed(code, reason.toString()).catch(this.#onUnexpectedError);
    });
  }
}

/**
 * Nothing more is read from a peer that sends too much, and what it ran has ended; but it is told so, and can come
 * again, only after `floodMs` to half as much again: to come again at once would cost it less than it costs here, and
 * those who flooded together are not to come again together.
 */
function closeAfterBackoff(peer: ConnectionState, floodMs: number): void {
  const { socket } = peer;
  releaseConnection(peer);
  socket.pause();
  const farewell = setTimeout(
    () => {
      socket.close(CloseCode.TooManyInitialisationRequests, 'Too many messages');
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    },
    floodMs * (1 + Math.random() / 2),
  ).unref();
  socket.once('close', () => clearTimeout(farewell));
}

/** Cut to what a close frame holds, 123 bytes: graphql-ws repeats a client's id. Source: RFC 6455, section 5.5. */
function closeReason(reason: string): string {
  return Buffer.byteLength(reason) <= 123 ? reason : `${reason.slice(0, 40)}…`;
}

/** Resolves when the text is handed over; a socket that is closing takes none. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(text, () => resolve());
  });
}
