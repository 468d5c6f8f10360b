/**
 * Measures the time for which a server has left calls without an answer. It needs no clock per call: while calls are
 * under way, the silence runs from the last answer, or from the first of these calls if that is later.
 */
export class ResponseSilence {
  #underWay = 0;
  #since = 0;
  /** The length of the last answered call, in ms. */
  #usualMs = 0;

  /**
   * The beginning of the silence, on the monotonic clock in ms. null while no call is under way, and for as long as twice
   * the length of the last answered call: a slow server is not a silent one.
   */
  get since(): number | null {
    if (this.#underWay === 0 || performance.now() - this.#since <= 2 * this.#usualMs) return null;
    return this.#since;
  }

  /** A call has begun. */
  started(): void {
    if (this.#underWay === 0) this.#since = performance.now();
    this.#underWay += 1;
  }

  /** A call has ended with an answer, after `ms`. */
  answered(ms: number): void {
    this.#underWay -= 1;
    this.#since = performance.now();
    this.#usualMs = ms;
  }

  /** A call has ended without an answer. */
  unanswered(): void {
    this.#underWay -= 1;
  }
}
