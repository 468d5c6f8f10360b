/** A stream that holds its writes back between `cork()` and `uncork()`: a `net.Socket` or `http.ServerResponse`. */
export interface Corkable {
  cork(): void;
  uncork(): void;
}

/**
 * Joins the writes of one event loop turn into one write per stream. One batcher serves all streams of the process,
 * with one `setImmediate` per turn.
 */
export class WriteBatcher {
  #corked: Corkable[] = [];
  /** The number of the batch that takes writes now. */
  #batch = 0;

  /**
   * Corks a stream until the end of this turn, unless its last batch is still open.
   *
   * @param batch the last result for this stream; -1 for a stream that was never corked.
   * @returns the number of the batch, for the next call.
   */
  cork(stream: Corkable, batch: number): number {
    if (batch === this.#batch) return batch;
    if (this.#corked.length === 0) setImmediate(this.#flush);
    this.#corked.push(stream);
    stream.cork();
    return this.#batch;
  }

  /** Ends the batch: its writes leave now. */
  flush(): void {
    const streams = this.#corked;
    this.#corked = [];
    this.#batch += 1;
    for (const stream of streams) stream.uncork();
  }

  readonly #flush = (): void => this.flush();
}
