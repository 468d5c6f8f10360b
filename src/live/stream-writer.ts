import { type Corkable, WriteBatcher } from './write-batcher.ts';

/** The side of a stream that reports backpressure: a `net.Socket` or `http.ServerResponse` is one. */
export interface WritableSide extends Corkable {
  readonly writableNeedDrain: boolean;
  readonly writableLength: number;
  write(chunk: Buffer): unknown;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** Waits for a stream to drain. */
export interface Flushable {
  flush(): void;
}

export interface StreamWriterOptions {
  /** A peer is stalled when its full buffer, the operating system's included, does not shrink for this long, in ms. */
  readonly stallMs?: number;
  /** Disconnects the stalled peer. */
  readonly onStall: () => void;
  /** By default the batcher of the process. */
  readonly batcher?: WriteBatcher;
}

const PROCESS_BATCHER = new WriteBatcher();

/** Writes what this event loop turn has gathered for all clients of the process, before its end. */
export function flushWrites(): void {
  PROCESS_BATCHER.flush();
}

/** Writes to one client's stream. While its buffer is full, writers wait here instead of queueing results. */
export class StreamWriter {
  readonly #stream: WritableSide;
  readonly #batcher: WriteBatcher;
  readonly #stallMs: number;
  readonly #onStall: () => void;
  /** Created on demand: most readers are never slow. */
  #waiting: Set<Flushable> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #length = 0;
  #batch = -1;

  constructor(stream: WritableSide, { stallMs = 20_000, onStall, batcher = PROCESS_BATCHER }: StreamWriterOptions) {
    this.#stream = stream;
    this.#stallMs = stallMs;
    this.#onStall = onStall;
    this.#batcher = batcher;
  }

  get needsDrain(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Writes; all chunks of one event loop turn leave in one write. */
  write(chunk: Buffer): void {
    this.#batch = this.#batcher.cork(this.#stream, this.#batch);
    this.#stream.write(chunk);
  }

  /** Calls `waiter.flush()` once the buffer has drained. */
  onceDrained(waiter: Flushable): void {
    this.#waiting ??= new Set();
    this.#waiting.add(waiter);
    if (this.#timer) return;
    this.#stream.once('drain', this.#onDrain);
    this.#watchStall();
  }

  /** Forgets a waiter that has lost interest. */
  removeWaiter(waiter: Flushable): void {
    if (this.#waiting?.delete(waiter) && this.#waiting.size === 0) this.close();
  }

  /** Forgets all waiters: the connection is gone. */
  close(): void {
    if (!this.#waiting) return;
    this.#waiting = null;
    this.#stream.off('drain', this.#onDrain);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  readonly #onDrain = (): void => {
    const waiters = [...(this.#waiting ?? [])];
    this.close();
    for (const waiter of waiters) waiter.flush();
  };

  #watchStall(): void {
    this.#length = this.#stream.writableLength;
    this.#timer = setTimeout(() => {
      if (this.#stream.writableLength >= this.#length) return this.#onStall();
      this.#watchStall();
    }, this.#stallMs);
  }
}
