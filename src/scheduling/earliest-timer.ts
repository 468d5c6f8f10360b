import { MAX_TIMER_MS } from '../timer-limit.ts';

/**
 * One timer that fires at the earliest of the times it was set for since it last fired or was cleared. It fires early, after
 * 2^31 - 1 ms, for a time beyond that, so the callback checks its due times and sets the timer again.
 */
export class EarliestTimer {
  readonly #callback: () => void;
  #timer: NodeJS.Timeout | null = null;
  #at = Number.POSITIVE_INFINITY;

  constructor(callback: () => void) {
    this.#callback = callback;
  }

  /** @param at monotonic ms (`performance.now()`); a time in the past fires as soon as possible. */
  set(at: number): void {
    if (at >= this.#at) return;
    this.clear();
    this.#at = at;
    this.#timer = setTimeout(
      () => {
        this.clear();
        this.#callback();
      },
      Math.min(MAX_TIMER_MS, Math.max(0, at - performance.now())),
    );
  }

  clear(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = Number.POSITIVE_INFINITY;
  }
}
