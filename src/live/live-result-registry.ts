import { LiveResult, type LiveResultOptions } from './live-result.ts';
import type { Subscriber } from './subscriber.ts';

/** The live results of this process, by what is asked: see {@link subscribe}. */
export class LiveResultRegistry {
  readonly #format: LiveResultOptions['format'];
  readonly #running = new Set<LiveResult>();
  /** The newest of those that are asked the same. */
  readonly #newest = new Map<string, LiveResult>();

  constructor(format: LiveResultOptions['format']) {
    this.#format = format;
  }

  /** How many executions are under way. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Joins the live result of `key`, or starts one. The key is the exact identity of the answer: document, operation,
   * variables and what the caller may see. Undo with the returned function.
   */
  subscribe(key: string, start: LiveResultOptions['start'], member: Subscriber): () => void {
    const known = this.#newest.get(key);
    if (known?.acceptsSubscribers) return known.subscribe(member);
    const result: LiveResult = new LiveResult({
      start,
      format: this.#format,
      onEnd: () => {
        this.#running.delete(result);
        if (this.#newest.get(key) === result) this.#newest.delete(key);
      },
    });
    this.#running.add(result);
    this.#newest.set(key, result);
    return result.subscribe(member);
  }
}
