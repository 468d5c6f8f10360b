import type { WebSocket } from 'ws';
import type { Flushable, StreamWriter } from '../../live/stream-writer.ts';
import type { TokenBucket } from '../limits/token-bucket.ts';
import type { EventLoopQueue } from './event-loop-queue.ts';

export interface InboundThrottleOptions {
  readonly socket: WebSocket;
  readonly writer: StreamWriter;
  /** Handles one text message. */
  readonly handle: (text: string) => void;
  /** Called when the peer has exceeded its rate of frames. */
  readonly onFlood: () => void;
  /** Frames of any kind. Each costs an iteration of the event loop, so a flood would delay every other client. */
  readonly frames: TokenBucket;
  /** Characters of messages. A peer that sends more is read more slowly. */
  readonly text: TokenBucket;
  /** Characters that may wait before the socket is paused: about one frame of the greatest length. */
  readonly maxWaiting: number;
  /** Shared by all sockets. */
  readonly queue: EventLoopQueue;
}

/**
 * Applies backpressure to one WebSocket's messages. The socket is paused while its writer is full, while `maxWaiting`
 * characters wait, and while the peer has overdrawn its rate of text. A peer that sends and never reads therefore fills
 * its own buffers instead of the gateway's memory.
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
    handle(text);
    // One message per iteration of the event loop, so that its effects are in place before the next one is handled.
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
    // Queued, so that clients that flood together are closed one after the other.
    this.#options.socket.pause();
    this.#options.queue.run(this.#options.onFlood);
    return false;
  }
}
