/** The least time between two lines, in ms. */
const SUMMARY_MS = 30_000;

/**
 * Counts repeated events by reason and writes few lines: the first event at once, then at most one summary every 30 s
 * with the counts since the last line. The end of the events is a line only where a line came before it, so that a server
 * that comes and goes makes two lines in 30 s.
 */
export class RepeatLog {
  readonly #write: (counts: Readonly<Record<string, number>>, reason: string, repeated: boolean) => void;
  readonly #counts = new Map<string, number>();
  #lastLineAt = Number.NEGATIVE_INFINITY;
  /** The last line was about an event. */
  #isLogged = false;

  constructor(write: (counts: Readonly<Record<string, number>>, reason: string, repeated: boolean) => void) {
    this.#write = write;
  }

  /** Counts an event. `reason` comes from a small set of codes. */
  add(reason: string): void {
    const now = performance.now();
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (now - this.#lastLineAt < SUMMARY_MS) return;
    const repeated = this.#isLogged;
    this.#lastLineAt = now;
    this.#isLogged = true;
    this.#write(this.#takeCounts(), reason, repeated);
  }

  /** The events are over. Returns the counts since the last line, for the caller's closing line; null: no event had a line, so
   * none is due. */
  end(): Readonly<Record<string, number>> | null {
    if (!this.#isLogged) return null;
    this.#isLogged = false;
    return this.#takeCounts();
  }

  #takeCounts(): Readonly<Record<string, number>> {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }
}
