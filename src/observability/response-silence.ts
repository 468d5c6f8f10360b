import type { TrustedCallListener } from '../scheduling/scheduler-options.ts';

/**
 * Measures the time for which a server has left calls without an answer. Only calls for tasks that it has answered before
 * are evidence: a caller can name an id that is never answered. It needs no clock per call: while such calls are under way,
 * the silence runs from the last answer to any call, or from the first of these calls if that is later.
 */
export class ResponseSilence implements TrustedCallListener {
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

  started(): void {
    if (this.#underWay === 0) this.#since = performance.now();
    this.#underWay += 1;
  }

  answered(ms: number): void {
    this.#underWay -= 1;
    this.#since = performance.now();
    this.#usualMs = ms;
  }

  unanswered(): void {
    this.#underWay -= 1;
  }

  /** The server has answered some other call. */
  interrupted(): void {
    this.#since = performance.now();
  }
}
