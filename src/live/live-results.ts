import type { Delivery } from './delivery.ts';
import { LiveResult, type LiveResultOptions } from './live-result.ts';

/** The live results of this process, by what is asked: see {@link join}. */
export class LiveResults {
  readonly #format: LiveResultOptions['format'];
  readonly #results = new Map<string, LiveResult>();

  constructor(format: LiveResultOptions['format']) {
    this.#format = format;
  }

  /** How many executions are under way. */
  get size(): number {
    return this.#results.size;
  }

  /**
   * Joins the live result of `key`, or starts one. The key is the exact identity of the answer: document, operation,
   * variables and what the caller may see. Undo with the returned function.
   */
  join(key: string, start: LiveResultOptions['start'], member: Delivery): () => void {
    const known = this.#results.get(key);
    if (known?.joinable) return known.join(member);
    const result: LiveResult = new LiveResult({
      start,
      format: this.#format,
      onEnd: () => {
        if (this.#results.get(key) === result) this.#results.delete(key);
      },
    });
    this.#results.set(key, result);
    return result.join(member);
  }
}
