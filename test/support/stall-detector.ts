/** The interval between two readings of the clock, in ms. */
const LOOK_MS = 10;

/**
 * Measures stalls of this process, for example on a busy machine, so that a test does not blame the tested code for
 * them.
 */
export class StallDetector implements Disposable {
  readonly #seen: { readonly at: number; readonly ms: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The longest stall since `at` (of `performance.now()`), in ms. */
  longestSince(at: number): number {
    return Math.max(0, ...this.#since(at));
  }

  /** All since `at` of `performance.now()` that were longer than `leastMs`, together, in ms. */
  totalSince(at: number, leastMs = 50): number {
    return this.#since(at)
      .filter((ms) => ms > leastMs)
      .reduce((sum, ms) => sum + ms, 0);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #since(at: number): number[] {
    this.#look();
    return this.#seen.filter((pause) => pause.at >= at).map(({ ms }) => ms);
  }

  #look(): void {
    const at = performance.now();
    const ms = at - this.#last - LOOK_MS;
    this.#last = at;
    if (ms > LOOK_MS) this.#seen.push({ at, ms });
  }
}

/** The real duration of a timer of `ms` on this machine now, for comparison with an operation of the same length. */
export function reference(ms: number): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve) => setTimeout(() => resolve(performance.now() - begun), ms));
}
