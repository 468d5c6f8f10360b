import type { ServerResponse } from 'node:http';
import type { GracefullyClosable } from '../shutdown/graceful-shutdown.ts';

/** The events that a stream may be sent next. Both are made once for all streams. */
export interface StatusEvents {
  /** The present state and all points, for a stream that has missed some; null: there is none yet. */
  readonly history: () => Buffer | null;
  /** The present state and the newest point; null: there is none yet. */
  readonly sample: () => Buffer | null;
}

interface OpenStream {
  /** The next event has to be the history: the stream is new, or has missed a sample. */
  isBehind: boolean;
  /** Since when its buffer is full, on the monotonic clock; null: it takes bytes. */
  fullSince: number | null;
}

/** Operators have few tabs, and a page in the background has no stream. */
const MAX_STREAMS = 64;

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'cross-origin-resource-policy': 'same-origin',
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

/**
 * The open event streams of the operator page. A sample is the heartbeat too. A reader whose buffer is full gets no event,
 * and afterwards the history, so that a stream buffers one event at most; after `stallMs` it is disconnected.
 */
export class StatusStreams implements Disposable, GracefullyClosable {
  readonly #open = new Map<ServerResponse, OpenStream>();
  readonly #events: StatusEvents;
  readonly #stallMs: number;

  constructor(events: StatusEvents, stallMs: number) {
    this.#events = events;
    this.#stallMs = stallMs;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Begins a stream; false: there are as many as may be open. */
  begin(response: ServerResponse): boolean {
    if (this.#open.size >= MAX_STREAMS) return false;
    const stream: OpenStream = { isBehind: true, fullSince: null };
    this.#open.set(response, stream);
    response.once('close', () => this.#open.delete(response));
    response.on('error', () => response.req.socket.destroy());
    response.writeHead(200, HEADERS);
    response.write(':\n\n');
    response.socket?.setNoDelay(true);
    this.#send(response, stream);
    return true;
  }

  /** The headers alone, for a HEAD. */
  head(response: ServerResponse): void {
    response.writeHead(200, HEADERS);
    response.end();
  }

  /** Sends the newest sample to every stream that takes bytes. */
  publish(): void {
    const now = performance.now();
    for (const [response, stream] of this.#open) {
      if (!response.writableNeedDrain) this.#send(response, stream);
      else this.#skip(response, stream, now);
    }
  }

  /** Cuts each stream after the bytes written so far, so that the page connects again. */
  closers(): (() => void)[] {
    return [...this.#open.keys()].map((response) => () => response.req.socket.destroySoon());
  }

  [Symbol.dispose](): void {
    for (const response of this.#open.keys()) response.req.socket.destroy();
  }

  #send(response: ServerResponse, stream: OpenStream): void {
    const event = stream.isBehind ? this.#events.history() : this.#events.sample();
    stream.fullSince = null;
    if (!event) return;
    stream.isBehind = false;
    response.write(event);
  }

  #skip(response: ServerResponse, stream: OpenStream, now: number): void {
    stream.isBehind = true;
    stream.fullSince ??= now;
    if (now - stream.fullSince >= this.#stallMs) response.req.socket.destroy();
  }
}
