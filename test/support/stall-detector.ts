/** How often the clock is looked at, in ms. */
const LOOK_MS = 10;

/**
 * Notices when this process was held up, as by a machine that does something else: what took long then took long for no
 * fault of what is tested.
 */
export class StallDetector implements Disposable {
  readonly #seen: { readonly at: number; readonly ms: number }[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** The longest since `at` of `performance.now()`, in ms. */
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

/** The time that `ms` takes on this machine now, up to when it is noticed; to compare with what should take as long. */
export function reference(ms: number): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve) => setTimeout(() => resolve(performance.now() - begun), ms));
}
