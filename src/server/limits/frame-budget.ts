export interface FrameBudgetOptions {
  /** Frames at once. */
  readonly burst: number;
  /** Frames per second in the long run. */
  readonly perSecond?: number;
}

/**
 * How many frames of any kind one WebSocket may send: far more than a client has reason to, far less than it can.
 * Every frame costs a turn of the event loop, so whoever sends without end would take them from everybody else.
 */
export class FrameBudget {
  readonly #burst: number;
  readonly #perMs: number;
  #left: number;
  #at = performance.now();

  constructor({ burst, perSecond = 100 }: FrameBudgetOptions) {
    this.#burst = burst;
    this.#left = burst;
    this.#perMs = perSecond / 1000;
  }

  /** Counts one frame; false once it is one too many, and for good. */
  take(): boolean {
    if (this.#left < 0) return false;
    const now = performance.now();
    this.#left = Math.min(this.#burst, this.#left + (now - this.#at) * this.#perMs) - 1;
    this.#at = now;
    return this.#left >= 0;
  }
}
