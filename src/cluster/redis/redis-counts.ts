/** The use of Redis by one gateway since the start. */
export class RedisCounts {
  /** Commands and scripts sent, each of which waits for one answer. */
  roundTrips = 0;
  #awayMs = 0;
  /** Since when Redis is away, in monotonic ms; null: it is connected, or not configured. */
  #awaySince: number | null = null;

  /** For how long Redis was away in all, in ms: 0 where none is configured. */
  get awayMs(): number {
    return this.#awayMs + (this.#awaySince === null ? 0 : performance.now() - this.#awaySince);
  }

  /** Redis cannot be reached from now on. */
  onAway(): void {
    this.#awaySince ??= performance.now();
  }

  onConnected(): void {
    this.#awayMs = this.awayMs;
    this.#awaySince = null;
  }
}
