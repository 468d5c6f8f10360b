interface PendingRead<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

type Termination = { readonly kind: 'finished' } | { readonly kind: 'failed'; readonly error: unknown };

/**
 * An async iterator of states with room for one per key: a newer value replaces one that was not taken yet, so a slow
 * reader gets the newest state of each key and never a queue. A value that was put before {@link finish} or {@link fail} is
 * still delivered, then the iterator ends. `return()` answers at once, also while a `next()` is pending.
 */
export class ConflatingQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #onEnd: () => void;
  readonly #pending = new Map<string, T>();
  #termination: Termination | null = null;
  #reads: PendingRead<T>[] = [];

  /** @param onEnd called once, when the reader has lost interest or the writer has ended it. */
  constructor(onEnd: () => void = () => {}) {
    this.#onEnd = onEnd;
  }

  push(key: string, value: T): void {
    if (this.#termination) return;
    const waiter = this.#reads.shift();
    if (waiter) waiter.resolve({ done: false, value });
    else this.#pending.set(key, value);
  }

  finish(): void {
    this.#end({ kind: 'finished' });
  }

  fail(error: unknown): void {
    this.#end({ kind: 'failed', error });
  }

  next(): Promise<IteratorResult<T, undefined>> {
    for (const [key, value] of this.#pending) {
      this.#pending.delete(key);
      return Promise.resolve({ done: false, value });
    }
    if (!this.#termination) return new Promise((resolve, reject) => this.#reads.push({ resolve, reject }));
    const ending = this.#termination;
    this.#termination = { kind: 'finished' };
    return ending.kind === 'failed' ? Promise.reject(ending.error) : Promise.resolve({ done: true, value: undefined });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#pending.clear();
    this.#end({ kind: 'finished' });
    return Promise.resolve({ done: true, value: undefined });
  }

  async throw(error: unknown): Promise<IteratorResult<T, undefined>> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(ending: Termination): void {
    if (this.#termination) return;
    this.#termination = ending;
    const waiters = this.#reads;
    this.#reads = [];
    for (const waiter of waiters) void this.next().then(waiter.resolve, waiter.reject);
    this.#onEnd();
  }
}
