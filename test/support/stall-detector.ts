/** The interval between two readings of the clock, in ms. */
const LOOK_MS = 10;
/** Timers are this late without load, in ms. */
const GRAIN_MS = 2;
/** The clock, also in a test that fakes it. */
const now = performance.now.bind(performance);

/** A reading of the clock that was late. Times are of `performance.now()`. */
interface Stall {
  readonly from: number;
  readonly at: number;
  readonly ms: number;
}

/**
 * Measures stalls of this process, for example on a busy machine, so that a test does not blame the tested code for
 * them.
 */
export class StallDetector implements Disposable {
  readonly #seen: Stall[] = [];
  readonly #timer: NodeJS.Timeout;
  #last = now();

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

  /** All between two times of `performance.now()` together, in ms. One operation may meet several stalls. */
  within(from: number, to: number): number {
    this.#look();
    return this.#seen.reduce((sum, stall) => {
      const overlapMs = Math.min(stall.at, to) - Math.max(stall.from, from);
      return sum + Math.max(0, Math.min(stall.ms, overlapMs));
    }, 0);
  }

  /** The time since `at` of `performance.now()` without the stalls, in ms. */
  elapsedSince(at: number): number {
    const until = now();
    return until - at - this.within(at, until);
  }

  /** The time that `work` takes without the stalls, in ms. */
  async measure(work: () => Promise<unknown>): Promise<number> {
    const at = now();
    await work();
    return this.elapsedSince(at);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #since(at: number): number[] {
    this.#look();
    return this.#seen.filter((pause) => pause.at >= at).map(({ ms }) => ms);
  }

  #look(): void {
    const at = now();
    const from = this.#last;
    const ms = at - from - LOOK_MS;
    this.#last = at;
    if (ms > GRAIN_MS) this.#seen.push({ from, at, ms });
  }
}

/** The real duration of a timer of `ms` on this machine now, for comparison with an operation of the same length. */
export function reference(ms: number): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve) => setTimeout(() => resolve(performance.now() - begun), ms));
}
