/** The side of a socket or response that tells about backpressure: a `net.Socket` or `http.ServerResponse` is one. */
export interface WritableSide {
  readonly writableNeedDrain: boolean;
  readonly writableLength: number;
  write(chunk: Buffer): unknown;
  cork(): void;
  uncork(): void;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** Wants to write as soon as the outlet flows again. */
export interface Flushable {
  flush(): void;
}

export interface StreamWriterOptions {
  /** A peer whose full buffer, the system's included, moves in no way for this long is stalled, in ms. */
  readonly stallMs?: number;
  /** Disconnects the stalled peer. */
  readonly onStall: () => void;
}

/** The streams that were written to in this turn of the event loop, and which turn that is. */
let corked: WritableSide[] = [];
let iteration = 0;

function uncorkAll(): void {
  const streams = corked;
  corked = [];
  iteration += 1;
  for (const stream of streams) stream.uncork();
}

/** Where the bytes for one client leave. While its buffer is full, writers wait here instead of queueing. */
export class StreamWriter {
  readonly #stream: WritableSide;
  readonly #options: Required<StreamWriterOptions>;
  /** Made when it is needed: hardly any reader is ever slow. */
  #waiting: Set<Flushable> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #length = 0;
  #corkedAt = -1;

  constructor(stream: WritableSide, { stallMs = 20_000, onStall }: StreamWriterOptions) {
    this.#stream = stream;
    this.#options = { stallMs, onStall };
  }

  get needsDrain(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Writes; all that is written in one turn of the event loop leaves in one piece. */
  write(chunk: Buffer): void {
    if (this.#corkedAt !== iteration) {
      if (corked.length === 0) setImmediate(uncorkAll);
      corked.push(this.#stream);
      this.#corkedAt = iteration;
      this.#stream.cork();
    }
    this.#stream.write(chunk);
  }

  /** Calls `writer.flush()` once the buffer has drained. */
  onceDrained(writer: Flushable): void {
    this.#waiting ??= new Set();
    this.#waiting.add(writer);
    if (this.#timer) return;
    this.#stream.once('drain', this.#onDrain);
    this.#watchStall();
  }

  /** Forgets a writer that has lost interest. */
  removeWaiter(writer: Flushable): void {
    if (this.#waiting?.delete(writer) && this.#waiting.size === 0) this.close();
  }

  /** Forgets all writers: the connection is gone. */
  close(): void {
    if (!this.#waiting) return;
    this.#waiting = null;
    this.#stream.off('drain', this.#onDrain);
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  readonly #onDrain = (): void => {
    const writers = [...(this.#waiting ?? [])];
    this.close();
    for (const writer of writers) writer.flush();
  };

  #watchStall(): void {
    this.#length = this.#stream.writableLength;
    this.#timer = setTimeout(() => {
      if (this.#stream.writableLength >= this.#length) return this.#options.onStall();
      this.#watchStall();
    }, this.#options.stallMs);
  }
}
