/** A name is remembered for this long, in ms: longer than a client waits before its first retry. */
const REMEMBERED_MS = 10_000;
/** A client can invent names, so more of them than this (some 5 MB) are not kept. */
const MAX_NAMES = 50_000;

/** The keys that tickets named and no held set has, each with the time of its first ticket. */
export class UnknownKeys {
  readonly #firstSeen = new Map<string, number>();

  /**
   * The time at which the name came up, on the monotonic clock. A name older than 10 s comes up anew, because its key may
   * be published meanwhile.
   */
  firstSeen(name: string): number {
    const now = performance.now();
    const seenAt = this.#firstSeen.get(name);
    if (seenAt !== undefined && now - seenAt < REMEMBERED_MS) return seenAt;
    this.#firstSeen.delete(name);
    this.#firstSeen.set(name, now);
    const [oldest] = this.#firstSeen.keys();
    if (this.#firstSeen.size > MAX_NAMES && oldest !== undefined) this.#firstSeen.delete(oldest);
    return now;
  }
}
