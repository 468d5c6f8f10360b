/**
 * How many calls all lanes together may have under way. When there is no slot left lanes wait, and get those that
 * become free in turn: one each, however many calls they have to make. A lane goes by its callback.
 */
export class CallSlots {
  readonly #waiting = new Set<() => void>();
  #free: number;
  #offeredTo: (() => void) | null = null;

  /** @param count `UPSTREAM_MAX_CONCURRENCY` */
  constructor(count: number) {
    this.#free = count;
  }

  /** Whether the lane may {@link take} a slot now. If not, it waits for its turn from now on, when `onFree` is called. */
  mayTake(onFree: () => void): boolean {
    if (this.#free > 0 && (this.#waiting.size === 0 || this.#offeredTo === onFree)) return true;
    this.#waiting.add(onFree);
    return false;
  }

  /** The lane will be called when it may take a slot. */
  awaitedBy(onFree: () => void): boolean {
    return this.#waiting.has(onFree);
  }

  /** Only when {@link mayTake} has just said so. */
  take(): void {
    this.#free -= 1;
    this.#offeredTo = null;
  }

  /** A call has ended. Whoever is offered its slot and takes none is passed over. */
  release(): void {
    this.#free += 1;
    while (this.#free > 0) {
      const next = this.#waiting.values().next().value;
      if (!next) return;
      this.#waiting.delete(next);
      this.#offeredTo = next;
      next();
      this.#offeredTo = null;
    }
  }
}
