/**
 * Counts by a fixed set of words, such as outcomes. Every word is counted from 0 on, because a rate over time needs a first
 * value. A plain object, so that the parts that count need no metrics library.
 */
export class Tally<Word extends string> {
  readonly #counts: Record<Word, number>;

  constructor(words: readonly Word[]) {
    this.#counts = Object.fromEntries(words.map((word) => [word, 0])) as Record<Word, number>;
  }

  /** The counts since the start. */
  get counts(): Readonly<Record<Word, number>> {
    return this.#counts;
  }

  add(word: Word, amount = 1): void {
    this.#counts[word] += amount;
  }
}
