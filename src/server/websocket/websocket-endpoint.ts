import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode, handleProtocols } from 'graphql-ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClientCounts } from '../../live/client-counts.ts';
import { StreamWriter } from '../../live/stream-writer.ts';
import type { RequestTracer } from '../../observability/tracing/request-tracer.ts';
import type { UnexpectedErrorHandler } from '../../observability/unexpected-errors.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import type { EventLoopQueue } from '../limits/event-loop-queue.ts';
import type { Refusals } from '../limits/refusals.ts';
import type { Timeouts } from '../limits/timeouts.ts';
import { TokenBucket } from '../limits/token-bucket.ts';
import type { GracefullyClosable } from '../shutdown/graceful-shutdown.ts';
import { type ConnectionState, releaseConnection } from './connection-state.ts';
import { type CloseReason, Conversation, type ConversationHandlers } from './conversation.ts';
import { Heartbeat } from './heartbeat.ts';
import { InboundThrottle, type InboundThrottleOptions } from './inbound-throttle.ts';
import { OperationProtocol, type OperationProtocolOptions } from './operation-protocol.ts';

export interface WebSocketEndpointOptions extends OperationProtocolOptions {
  /** `MAX_BODY_BYTES`, of one frame. */
  readonly maxFrameBytes: number;
  readonly timeouts: Timeouts;
  /** The budget of an event loop turn for the messages of all sockets and for the preparation of documents. */
  readonly queue: EventLoopQueue;
  /** Called with an error that is no mistake of the client. */
  readonly onUnexpectedError: UnexpectedErrorHandler;
  /** The counts of all WebSockets. */
  readonly clients: ClientCounts;
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
const BINARY_FRAME: CloseReason = {
  code: CloseCode.BadRequest,
  reason: 'Binary frames are not part of the protocol',
};
/** How long a client may take to answer a close frame, in ms. */
const CLOSE_GRACE_MS = 1_000;

/** GraphQL over WebSocket, protocol `graphql-transport-ws`: owns the sockets beneath the conversations. */
export class WebSocketEndpoint implements AsyncDisposable, GracefullyClosable {
  readonly #handlers: ConversationHandlers<ConnectionState>;
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
  readonly #accessLog: AccessLog;
  readonly #tracer: RequestTracer;

  constructor({ maxFrameBytes, timeouts, queue, onUnexpectedError, ...options }: WebSocketEndpointOptions) {
    this.#queue = queue;
    this.#clients = options.clients;
    this.#refusals = options.refusals;
    this.#tracer = options.tracer;
    this.#accessLog = options.accessLog;
    this.#heartbeat = new Heartbeat(timeouts.pingMs, (socket) => this.#accessLog.ending(socket, 'no pong'));
    this.#stallMs = timeouts.stallMs;
    this.#floodBackoffMs = timeouts.floodBackoffMs;
    this.#frameBurst = Math.max(MIN_FRAME_BURST, FRAMES_PER_SUBSCRIPTION * options.maxSubscriptions);
    this.#maxFrameBytes = maxFrameBytes;
    this.#textBytesPerSecond = Math.max(
      LONGEST_MESSAGES * maxFrameBytes,
      TEXT_BYTES_PER_SUBSCRIPTION * options.maxSubscriptions,
    );
    const protocol = new OperationProtocol(options);
    this.#handlers = {
      connectionInitMs: timeouts.connectionInitMs,
      send: ({ socket }, text) => socket.readyState === socket.OPEN && socket.send(text),
      close: (conversation, reason) => this.#end(conversation, reason),
      connect: (conversation, params) => protocol.connect(conversation, params),
      subscribe: (conversation, id, request) => protocol.subscribe(conversation, id, request),
      onUnexpectedError: ({ socket }, error) => onUnexpectedError(error, socket),
    };
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
    return [...this.#sockets.clients].map((socket) => () => {
      this.#accessLog.ending(socket, 'shutdown');
      socket.close(SERVICE_RESTART, 'Service restart');
    });
  }

  /** Closes every socket with `code`, and terminates the sockets that are still open after `graceMs`. */
  async close(code: number, reason: string, graceMs: number): Promise<void> {
    const closed = [...this.#sockets.clients].map((socket) => {
      this.#accessLog.ending(socket, 'shutdown');
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
      this.#accessLog.ending(socket, 'stalled');
      socket.terminate();
    };
    const writer = new StreamWriter(stream, { stallMs: this.#stallMs, onStall });
    this.#clients.connections += 1;
    const peer: ConnectionState = {
      socket,
      writer,
      counts: this.#accessLog.webSocket(socket, stream, upgrade.address, this.#clients),
      ...upgrade,
      caller: null,
      stopExpiry: () => {},
      isFlooding: false,
    };
    const conversation = new Conversation(socket.protocol, peer, this.#handlers);
    this.#heartbeat.add(socket);
    // After a frame that breaks the protocol or is too long, ws closes the socket with its own code.
    socket.on('error', () => releaseConnection(conversation));
    socket.once('close', () => {
      this.#clients.connections -= 1;
      releaseConnection(conversation);
    });
    this.#read(conversation);
  }

  #end(conversation: Conversation<ConnectionState>, { code, reason }: CloseReason): void {
    const { socket, isFlooding } = conversation.peer;
    if (isFlooding) return;
    this.#accessLog.closing(socket, code);
    socket.close(code, shortened(reason));
    releaseConnection(conversation);
  }

  /** Passes the client's messages on, through the inbound throttle. */
  #read(conversation: Conversation<ConnectionState>): void {
    const { socket, writer } = conversation.peer;
    const onFlood = (): void => {
      this.#refusals.add('flood');
      this.#accessLog.ending(socket, 'flood');
      closeAfterBackoff(conversation, this.#floodBackoffMs);
    };
    const handle = (text: string): Promise<void> | null => conversation.receive(text);
    const throttle = new InboundThrottle({ ...this.#allowances(), socket, writer, handle, onFlood });
    socket.on('message', (message: Buffer, binary: boolean) => {
      if (socket.readyState !== socket.OPEN) return;
      if (binary) return conversation.close(BINARY_FRAME);
      throttle.receive(message.toString());
    });
  }
}

/**
 * Handles a flooding client: stops reading, ends its operations, and closes with 4429 only after `floodBackoffMs` to
 * 1.5 times as long. Closing at once would let it reconnect cheaply; the jitter spreads reconnects.
 */
function closeAfterBackoff(conversation: Conversation<ConnectionState>, floodBackoffMs: number): void {
  const { peer } = conversation;
  const { socket } = peer;
  peer.isFlooding = true;
  releaseConnection(conversation);
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

/** Cuts a reason to the 123 bytes of a close frame, because it may repeat a client's id (RFC 6455, section 5.5). */
function shortened(reason: string): string {
  return Buffer.byteLength(reason) <= 123 ? reason : `${reason.slice(0, 40)}…`;
}
