/** A broken invariant. */
export interface Violation {
  /** Since the start of the run, in s. */
  readonly atSeconds: number;
  readonly text: string;
}

/** The broken invariants of a run. */
export class Violations {
  readonly all: Violation[] = [];
  readonly #now: () => number;
  readonly #replay: string;
  readonly #write: (line: string) => void;

  /** @param now since the start of the run, in ms */
  constructor(now: () => number, replay: string, write: (line: string) => void) {
    this.#now = now;
    this.#replay = replay;
    this.#write = write;
  }

  readonly add = (text: string): void => {
    const atSeconds = Math.round(this.#now() / 100) / 10;
    this.all.push({ atSeconds, text });
    this.#write(`VIOLATION at ${atSeconds} s (${new Date().toISOString()}): ${text}\n    replay: ${this.#replay}`);
  };
}
