import type { WebSocket } from 'ws';
import type { Flushable, StreamWriter } from '../../live/stream-writer.ts';
import type { EventLoopQueue } from '../limits/event-loop-queue.ts';
import type { TokenBucket } from '../limits/token-bucket.ts';

export interface InboundThrottleOptions {
  readonly socket: WebSocket;
  readonly writer: StreamWriter;
  /** Takes one text message. The next message waits for the promise, which never rejects; null: it need not wait. */
  readonly handle: (text: string) => Promise<unknown> | null;
  /** Called once, when the peer sends more frames than it may. */
  readonly onFlood: () => void;
  /**
   * Frames of any kind: each costs a turn of the event loop, so an endless sender would delay every other client.
   */
  readonly frames: TokenBucket;
  /** Characters of messages. A peer that sends more is read more slowly. */
  readonly text: TokenBucket;
  /** How many characters may wait before reading pauses: about one frame of the longest. */
  readonly maxWaiting: number;
  /** Shared by all sockets. */
  readonly queue: EventLoopQueue;
}

/**
 * The messages of one WebSocket, handled in turn, and only as fast as the peer may send and reads the results. Reading
 * pauses while the stream writer is full, while messages wait, or after much text. So a peer that subscribes and never
 * reads, or sends faster than the gateway handles, fills its own buffers and not the gateway's memory.
 */
export class InboundThrottle implements Flushable {
  readonly #options: InboundThrottleOptions;
  /** At most `maxWaiting` characters, plus the messages that the socket had already read at that moment. */
  #waiting: string[] = [];
  #length = 0;
  #flooded = false;
  #paused: NodeJS.Timeout | null = null;

  constructor(options: InboundThrottleOptions) {
    this.#options = options;
    options.socket.on('ping', () => {
      if (this.#counted() && this.#waiting.length === 0) this.flush();
    });
    options.socket.on('pong', () => this.#counted());
  }

  receive(message: string): void {
    if (!this.#counted()) return;
    const { socket, text, maxWaiting } = this.#options;
    this.#waiting.push(message);
    this.#length += message.length;
    const overdrawn = text.consume(message.length) > 0;
    if (overdrawn || this.#length > maxWaiting) socket.pause();
    if (this.#waiting.length === 1) this.flush();
  }

  flush(): void {
    const { socket, writer, queue } = this.#options;
    if (this.#flooded || this.#paused) return;
    if (writer.needsDrain) {
      socket.pause();
      return writer.onceDrained(this);
    }
    if (this.#waiting.length > 0) return queue.run(this.#handleNext);
    if (socket.isPaused) this.#resume();
  }

  readonly #handleNext = (): void => {
    const { socket, handle } = this.#options;
    const text = this.#waiting[0];
    if (text === undefined || this.#flooded) return;
    if (socket.readyState !== socket.OPEN) return this.#drop();
    const pending = handle(text);
    if (pending === null) this.#finishInNextTurn();
    else void pending.then(this.#finishInNextTurn);
  };

  /** One message per turn of the event loop: its operation is in place before the next message is handled. */
  readonly #finishInNextTurn = (): void => {
    setImmediate(() => {
      this.#length -= this.#waiting.shift()?.length ?? 0;
      this.flush();
    });
  };

  /** Resumes reading, at once or when the rate of text allows it. */
  #resume(): void {
    const { socket, text } = this.#options;
    const retryInMs = text.consume(0);
    if (retryInMs === 0) return socket.resume();
    this.#paused = setTimeout(() => {
      this.#paused = null;
      this.flush();
    }, retryInMs).unref();
  }

  /** The socket is closing: drops its messages and reads on, because the peer's close frame is still to come. */
  #drop(): void {
    this.#waiting = [];
    this.#length = 0;
    this.#options.socket.resume();
  }

  #counted(): boolean {
    if (this.#flooded) return false;
    if (this.#options.frames.consume(1) === 0) return true;
    this.#flooded = true;
    this.#waiting = [];
    // In its turn, so that clients that flood together are closed one after the other.
    this.#options.socket.pause();
    this.#options.queue.run(this.#options.onFlood);
    return false;
  }
}
