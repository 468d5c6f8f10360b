const MAX_CHUNK = 512;

/** Times in order, in chunks, so that a change of many times moves few of them. A search takes logarithmic time. */
export class SortedTimes {
  readonly #chunks: number[][] = [];

  add(at: number): void {
    const index = Math.min(this.#chunkFrom(at), this.#chunks.length - 1);
    const chunk = this.#chunks[index];
    if (!chunk) return void this.#chunks.push([at]);
    chunk.splice(
      firstIndex(chunk, (time) => time >= at),
      0,
      at,
    );
    if (chunk.length > MAX_CHUNK) this.#chunks.splice(index + 1, 0, chunk.splice(MAX_CHUNK / 2));
  }

  /** Removes one of the times that equal `at`. There must be one. */
  remove(at: number): void {
    const index = this.#chunkFrom(at);
    const chunk = this.#chunks[index] ?? [];
    chunk.splice(
      firstIndex(chunk, (time) => time >= at),
      1,
    );
    if (chunk.length === 0) this.#chunks.splice(index, 1);
  }

  /** The first time after `at`; infinite when there is none. */
  firstAfter(at: number): number {
    const chunk = this.#chunks[firstIndex(this.#chunks, (times) => lastOf(times) > at)] ?? [];
    return chunk[firstIndex(chunk, (time) => time > at)] ?? Number.POSITIVE_INFINITY;
  }

  /** The last time before `at`; infinite when there is none. */
  lastBefore(at: number): number {
    const index = this.#chunkFrom(at);
    const chunk = this.#chunks[index] ?? [];
    return chunk[firstIndex(chunk, (time) => time >= at) - 1] ?? lastOf(this.#chunks[index - 1] ?? []);
  }

  /** The index of the chunk with the first time that is not before `at`; the number of chunks when there is none. */
  #chunkFrom(at: number): number {
    return firstIndex(this.#chunks, (times) => lastOf(times) >= at);
  }
}

function lastOf(times: readonly number[]): number {
  return times.at(-1) ?? Number.NEGATIVE_INFINITY;
}

/** The index of the first item that passes; no item after it may fail. */
function firstIndex<T>(items: readonly T[], passes: (item: T) => boolean): number {
  let [from, until] = [0, items.length];
  while (from < until) {
    const middle = Math.floor((from + until) / 2);
    if (passes(items[middle] as T)) until = middle;
    else from = middle + 1;
  }
  return from;
}
