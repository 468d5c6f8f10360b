/** One timer that calls `ring` at the earliest of the times it was set for since it last rang or was cleared. */
export class EarliestTimer {
  readonly #callback: () => void;
  #timer: NodeJS.Timeout | null = null;
  #at = Number.POSITIVE_INFINITY;

  constructor(ring: () => void) {
    this.#callback = ring;
  }

  /** @param at ms since the epoch; one in the past rings as soon as possible. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.clear();
    this.#at = at;
    this.#timer = setTimeout(
      () => {
        this.clear();
        this.#callback();
      },
      Math.max(0, at - Date.now()),
    );
  }

  clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = Number.POSITIVE_INFINITY;
  }
}
