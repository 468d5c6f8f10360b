/** The least time between two lines about one cause, in ms. */
const PERIOD_MS = 60_000;
/** The causes that have lines of their own within a period. All further causes share one. */
const MAX_CAUSES = 10;

/** The lines about one cause. */
interface Cause {
  lastLineAt: number;
  /** Events since the last line. */
  repeated: number;
}

/**
 * Bounds the log lines about events that clients can cause. The first event of a cause is a line at once. Further events are
 * counted, and the first of them after a minute is a line with the count. At most ten causes have lines of their own at a
 * time, so there are at most eleven lines a minute however many causes a client invents.
 */
export class LogLimiter {
  readonly #causes = new Map<string, Cause>();
  readonly #further: Cause = { lastLineAt: Number.NEGATIVE_INFINITY, repeated: 0 };

  /**
   * Counts an event. `write` is called, at once, if the event is to be a line.
   *
   * @param write `repeated` is the number of events without a line since the last line about the same cause
   */
  add(cause: string, write: (fields: { readonly repeated?: number }) => void): void {
    const now = performance.now();
    const counted = this.#causeOf(cause, now);
    if (now - counted.lastLineAt < PERIOD_MS) {
      counted.repeated += 1;
      return;
    }
    const { repeated } = counted;
    counted.lastLineAt = now;
    counted.repeated = 0;
    write(repeated > 0 ? { repeated } : {});
  }

  #causeOf(name: string, now: number): Cause {
    const known = this.#causes.get(name);
    if (known) return known;
    if (this.#causes.size >= MAX_CAUSES) this.#forget(now);
    if (this.#causes.size >= MAX_CAUSES) return this.#further;
    const cause = { lastLineAt: Number.NEGATIVE_INFINITY, repeated: 0 };
    this.#causes.set(name, cause);
    return cause;
  }

  /** Drops the causes without a line in the last period. Their events without a line join the further causes. */
  #forget(now: number): void {
    for (const [name, { lastLineAt, repeated }] of this.#causes) {
      if (now - lastLineAt < PERIOD_MS) continue;
      this.#causes.delete(name);
      this.#further.repeated += repeated;
    }
  }
}
