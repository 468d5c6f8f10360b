/** A `kid` is remembered for this long, in ms: longer than a client waits before its first retry. */
const REMEMBERED_MS = 10_000;
/** A client can invent a `kid`, so more of them than this (some 5 MB) are not kept. */
const MAX_KEY_IDS = 50_000;

/** When each `kid` that no held key set has was first seen in a ticket. */
export class UnknownKeys {
  readonly #firstSeen = new Map<string, number>();

  /**
   * When the `kid` was first seen, on the monotonic clock. After 10 s it counts as never seen, because its key may be
   * published meanwhile.
   */
  firstSeen(keyId: string): number {
    const now = performance.now();
    const seenAt = this.#firstSeen.get(keyId);
    if (seenAt !== undefined && now - seenAt < REMEMBERED_MS) return seenAt;
    this.#firstSeen.delete(keyId);
    this.#firstSeen.set(keyId, now);
    const [oldest] = this.#firstSeen.keys();
    if (this.#firstSeen.size > MAX_KEY_IDS && oldest !== undefined) this.#firstSeen.delete(oldest);
    return now;
  }
}
