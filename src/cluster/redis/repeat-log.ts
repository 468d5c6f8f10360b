/** The least time between two lines, in ms. */
const SUMMARY_MS = 30_000;

/**
 * Counts repeated events by reason and writes few lines: the first event at once, then at most one summary every 30 s
 * with the counts since the last line.
 */
export class RepeatLog {
  readonly #write: (counts: Readonly<Record<string, number>>, reason: string, repeated: boolean) => void;
  readonly #counts = new Map<string, number>();
  #lastLineAt: number | null = null;

  constructor(write: (counts: Readonly<Record<string, number>>, reason: string, repeated: boolean) => void) {
    this.#write = write;
  }

  /** Counts an event. `reason` comes from a small set of codes. */
  add(reason: string): void {
    const now = performance.now();
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (this.#lastLineAt !== null && now - this.#lastLineAt < SUMMARY_MS) return;
    const repeated = this.#lastLineAt !== null;
    this.#lastLineAt = now;
    this.#write(this.#takeCounts(), reason, repeated);
  }

  /** The counts since the last line; the next event is again the first. */
  reset(): Readonly<Record<string, number>> {
    this.#lastLineAt = null;
    return this.#takeCounts();
  }

  #takeCounts(): Readonly<Record<string, number>> {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }
}
