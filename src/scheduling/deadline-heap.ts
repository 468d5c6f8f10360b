/** An entry with a due time. `heapIndex` belongs to the heap: the entry's place in it, -1 outside. */
export interface HeapEntry {
  /** Monotonic ms; never null while the entry is in a heap. */
  dueAt: number | null;
  heapIndex: number;
}

/**
 * A priority queue, earliest due first: a binary heap. Entries know their place, so any entry can be removed in O(log n).
 * The heaps on npm (`heap-js`, `tinyqueue`) have to search for an entry before they remove it.
 */
export class DeadlineHeap<T extends HeapEntry> {
  readonly #heap: T[] = [];

  get size(): number {
    return this.#heap.length;
  }

  peek(): T | undefined {
    return this.#heap[0];
  }

  push(entry: T): void {
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  /** Removes and returns the earliest entry. */
  pop(): T | undefined {
    const first = this.#heap[0];
    if (first) this.remove(first);
    return first;
  }

  remove(entry: T): void {
    const hole = entry.heapIndex;
    if (hole < 0) return;
    entry.heapIndex = -1;
    const last = this.#heap.pop();
    if (!last || last === entry) return;
    this.#sink(last, hole);
    this.#rise(last, last.heapIndex);
  }

  /** All entries, in no order. */
  *[Symbol.iterator](): Iterator<T> {
    yield* this.#heap;
  }

  #rise(entry: T, from: number): void {
    let at = from;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.#heap[above] as T;
      if (due(parent) <= due(entry)) break;
      this.#place(parent, at);
      at = above;
    }
    this.#place(entry, at);
  }

  #sink(entry: T, from: number): void {
    let at = from;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      const right = this.#heap[2 * at + 2];
      const child = left && right && due(right) < due(left) ? right : left;
      if (!child || due(child) >= due(entry)) break;
      const freed = child.heapIndex;
      this.#place(child, at);
      at = freed;
    }
    this.#place(entry, at);
  }

  #place(entry: T, at: number): void {
    this.#heap[at] = entry;
    entry.heapIndex = at;
  }
}

function due({ dueAt }: HeapEntry): number {
  return dueAt ?? Number.POSITIVE_INFINITY;
}
