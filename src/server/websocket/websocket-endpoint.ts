import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode, handleProtocols, type Server } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClientCounts } from '../../live/client-counts.ts';
import { StreamWriter } from '../../live/stream-writer.ts';
import type { RequestTracer } from '../../observability/tracing/request-tracer.ts';
import type { EventLoopQueue } from '../limits/event-loop-queue.ts';
import type { Refusals } from '../limits/refusals.ts';
import type { Timeouts } from '../limits/timeouts.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import type { GracefullyClosable } from '../shutdown/graceful-shutdown.ts';
import { type ConnectionState, releaseConnection } from './connection-state.ts';
import { Heartbeat } from './heartbeat.ts';
import { InboundThrottle, type InboundThrottleOptions } from './inbound-throttle.ts';
import { parseMessage } from './message.ts';
import { createProtocolServer, type ProtocolOptions } from './protocol.ts';

export interface WebSocketEndpointOptions extends Omit<ProtocolOptions, 'connectionInitMs'> {
  /** `MAX_BODY_BYTES`, of one frame. */
  readonly maxFrameBytes: number;
  readonly timeouts: Timeouts;
  /** The budget of an event loop turn for the messages of all sockets and for the preparation of documents. */
  readonly queue: EventLoopQueue;
  /** Called with an error that is no mistake of the client. */
  readonly onUnexpectedError: (error: unknown) => void;
}

/** The upgrade that a socket began with. */
interface UpgradeOrigin extends Pick<ConnectionState, 'address' | 'authorization' | 'parent'> {
  readonly stream: Socket;
}

/** How long a peer may take to answer a close frame, in ms: an option of ws 8.23 that its types lack. */
const CLOSE_TIMEOUT = { closeTimeout: 2_000 };

/** Fragments of one message. Each costs memory, and no client splits a message that fits one frame. */
const MAX_FRAGMENTS = 64;
/** Chunks of one frame as TCP delivers it. A chunk costs memory like hundreds of bytes; a slow link needs some 500. */
const MIN_CHUNKS = 512;
const BYTES_PER_CHUNK = 128;
/** The burst of frames: enough to begin and end every subscription that a connection may have. */
const MIN_FRAME_BURST = 300;
const FRAMES_PER_SUBSCRIPTION = 3;
/** Frames per second in the long run: far more than a client needs, far fewer than it can send. */
const FRAMES_PER_SECOND = 100;
/** The burst of text, and its rate per second, as a number of messages of the greatest length. */
const LONGEST_MESSAGES = 2;
/** The same for every subscription that a connection may have, in bytes; the larger bound holds. */
const TEXT_BYTES_PER_SUBSCRIPTION = 1024;
/** The close code of RFC 6455's registry. */
const SERVICE_RESTART = 1012;
/** How long a client may take to answer a close frame, in ms. */
const CLOSE_GRACE_MS = 1_000;

interface MessageHandlers {
  readonly handle: (text: string) => Promise<void>;
  readonly close: (code: number, reason: string) => void;
  readonly onFlood: () => void;
}

/** GraphQL over WebSocket, protocol `graphql-transport-ws`: owns the sockets beneath the protocol server. */
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
  readonly #queue: EventLoopQueue;
  readonly #clients: ClientCounts;
  readonly #refusals: Refusals;
  readonly #tracer: RequestTracer;

  constructor({ maxFrameBytes, timeouts, queue, onUnexpectedError, ...options }: WebSocketEndpointOptions) {
    this.#onUnexpectedError = onUnexpectedError;
    this.#queue = queue;
    this.#clients = options.clients;
    this.#refusals = options.refusals;
    this.#tracer = options.tracer;
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
      // Counts all frames of one read before the first is handled, so that a flood is recognised at once.
      allowSynchronousEvents: true,
    });
  }

  /** Takes over an upgrade request. */
  upgrade(request: IncomingMessage, stream: Socket, head: Buffer, address: string): void {
    const { authorization } = request.headers;
    const parent = this.#tracer.parentOf(request.headers);
    const begin = (socket: WebSocket): void => this.#open(socket, { stream, address, authorization, parent });
    this.#sockets.handleUpgrade(request, stream, head, begin);
  }

  /** One function per socket that closes it with 1012; clients of graphql-ws then connect to another gateway. */
  closers(): (() => void)[] {
    return [...this.#sockets.clients].map((socket) => () => socket.close(SERVICE_RESTART, 'Service restart'));
  }

  /** Closes every socket with `code`, and terminates the sockets that are still open after `graceMs`. */
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

  /** The inbound limits of one client. */
  #allowances(): Pick<InboundThrottleOptions, 'frames' | 'text' | 'maxWaiting' | 'queue'> {
    return {
      frames: new TokenBucket({ burst: this.#frameBurst, perSecond: FRAMES_PER_SECOND }),
      text: new TokenBucket({ burst: this.#textBytesPerSecond, perSecond: this.#textBytesPerSecond }),
      maxWaiting: this.#maxFrameBytes,
      queue: this.#queue,
    };
  }

  #open(socket: WebSocket, { stream, ...upgrade }: UpgradeOrigin): void {
    const onStall = (): void => {
      this.#clients.stalled += 1;
      socket.terminate();
    };
    const writer = new StreamWriter(stream, { stallMs: this.#stallMs, onStall });
    this.#clients.connections += 1;
    const connection: ConnectionState = {
      socket,
      writer,
      running: new Set(),
      preparing: null,
      ...upgrade,
      caller: null,
      stopExpiry: () => {},
    };
    let closingForFlood = false;
    const close = (code: number, reason: string): void => {
      if (closingForFlood) return;
      socket.close(code, closeReason(reason));
      releaseConnection(connection);
    };
    const broken = (error: unknown): void => {
      this.#onUnexpectedError(error);
      close(CloseCode.InternalServerError, 'Internal server error');
    };
    this.#heartbeat.add(socket);
    // After a frame that breaks the protocol or is too long, ws closes the socket with its own code.
    socket.on('error', () => releaseConnection(connection));
    const onMessage = (handle: (text: string) => Promise<void>): void => {
      const onFlood = (): void => {
        closingForFlood = true;
        this.#refusals.add('flood');
        closeAfterBackoff(connection, this.#floodBackoffMs);
      };
      this.#read(connection, { handle: (text) => handle(text).catch(broken), close, onFlood });
    };
    const send = (text: string): Promise<void> => sendText(socket, text);
    const closed = this.#protocol.opened({ protocol: socket.protocol, send, close, onMessage }, connection);
    socket.once('close', (code, reason) => {
      this.#clients.connections -= 1;
      closed(code, reason.toString()).catch(this.#onUnexpectedError);
    });
  }

  /** Passes the client's messages on to graphql-ws, through the inbound throttle. */
  #read(connection: ConnectionState, { handle, close, onFlood }: MessageHandlers): void {
    const { socket, writer } = connection;
    const parse = (text: string): Promise<unknown> | null => {
      const parsed = parseMessage(text);
      if ('refusal' in parsed) {
        close(CloseCode.BadRequest, parsed.refusal);
        return null;
      }
      // graphql-ws retains its input for the operation's lifetime, so it receives the trimmed message instead of the
      // text. It passes on an input that is no string unchanged (graphql-ws 6.4, common.ts; undocumented).
      void handle(parsed.message as unknown as string);
      return connection.preparing;
    };
    const throttle = new InboundThrottle({ ...this.#allowances(), socket, writer, handle: parse, onFlood });
    socket.on('message', (message: Buffer, binary: boolean) => {
      if (socket.readyState !== socket.OPEN) return;
      if (binary) return close(CloseCode.BadRequest, 'Binary frames are not part of the protocol');
      throttle.receive(message.toString());
    });
  }
}

/**
 * Handles a flooding client: stops reading, ends its operations, and closes with 4429 only after `floodBackoffMs` to
 * 1.5 times as long. Closing at once would let it reconnect cheaply; the jitter spreads reconnects.
 */
function closeAfterBackoff(connection: ConnectionState, floodBackoffMs: number): void {
  const { socket } = connection;
  releaseConnection(connection);
  socket.pause();
  const timer = setTimeout(
    () => {
      socket.close(CloseCode.TooManyInitialisationRequests, 'Too many messages');
      setTimeout(() => socket.terminate(), CLOSE_GRACE_MS).unref();
    },
    floodBackoffMs * (1 + Math.random() / 2),
  ).unref();
  socket.once('close', () => clearTimeout(timer));
}

/** Cuts a reason to the 123 bytes of a close frame, because graphql-ws repeats a client's id (RFC 6455, section 5.5). */
function closeReason(reason: string): string {
  return Buffer.byteLength(reason) <= 123 ? reason : `${reason.slice(0, 40)}…`;
}

/** Resolves when `ws` has taken the text, and at once when the socket is closing. */
function sendText(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    socket.send(text, () => resolve());
  });
}
