/**
 * Measures the time for which a server has left calls without a response: from its last response to any call, or from the
 * start of the calls under way if that is later.
 */
export class ResponseSilence {
  /** The start of each call under way, in the order of the starts. Times are monotonic ms. */
  readonly #startedAt = new Map<object, number>();
  #lastResponseAt = Number.NEGATIVE_INFINITY;
  /** The length of the last answered call, in ms. */
  #usualMs = 0;

  /** The beginning of the silence for so many calls at once, in monotonic ms; null while fewer calls are under way. */
  since(calls: number): number | null {
    if (this.#startedAt.size < calls) return null;
    const startedAt = this.#startedAt
      .values()
      .drop(calls - 1)
      .next().value;
    return startedAt === undefined ? null : Math.max(startedAt, this.#lastResponseAt);
  }

  /** The silence is longer than twice the last answered call took: a slow server is not a silent one. */
  isUnusual(since: number): boolean {
    return performance.now() - since > 2 * this.#usualMs;
  }

  started(call: object, at: number): void {
    this.#startedAt.set(call, at);
  }

  ended(call: object): void {
    this.#startedAt.delete(call);
  }

  /** The server has answered one of these calls after `ms`. */
  answered(ms: number): void {
    this.#usualMs = ms;
  }

  /** The server has responded to some call. */
  interrupted(at: number): void {
    this.#lastResponseAt = Math.max(this.#lastResponseAt, at);
  }
}
