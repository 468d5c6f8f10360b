/**
 * How many calls all lanes together may have under way. When there is no slot left lanes wait, and get those that
 * become free in turn: one each, however many calls they have to make. A lane goes by its callback.
 */
export class FairSemaphore {
  readonly #waiting = new Set<() => void>();
  #permits: number;
  #offeredTo: (() => void) | null = null;

  /** @param count `UPSTREAM_MAX_CONCURRENCY` */
  constructor(count: number) {
    this.#permits = count;
  }

  /** Whether the lane may {@link acquire} a slot now. If not, it waits for its turn from now on, when `onFree` is called. */
  tryAcquire(onFree: () => void): boolean {
    if (this.#permits > 0 && (this.#waiting.size === 0 || this.#offeredTo === onFree)) return true;
    this.#waiting.add(onFree);
    return false;
  }

  /** The lane will be called when it may take a slot. */
  isQueued(onFree: () => void): boolean {
    return this.#waiting.has(onFree);
  }

  /** Only when {@link tryAcquire} has just said so. */
  acquire(): void {
    this.#permits -= 1;
    this.#offeredTo = null;
  }

  /** A call has ended. Whoever is offered its slot and takes none is passed over. */
  release(): void {
    this.#permits += 1;
    while (this.#permits > 0) {
      const next = this.#waiting.values().next().value;
      if (!next) return;
      this.#waiting.delete(next);
      this.#offeredTo = next;
      next();
      this.#offeredTo = null;
    }
  }
}
