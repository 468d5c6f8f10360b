import { LiveResult, type LiveResultOptions } from './live-result.ts';
import type { EarlyEnd, Subscriber } from './subscriber.ts';

/** The live results of this process, by sharing key: see {@link subscribe}. */
export class LiveResultRegistry {
  readonly #maskError: LiveResultOptions['maskError'];
  readonly #running = new Set<LiveResult>();
  /** The newest live result of each key. */
  readonly #newest = new Map<string, LiveResult>();

  constructor(maskError: LiveResultOptions['maskError']) {
    this.#maskError = maskError;
  }

  /** How many executions are under way. */
  get size(): number {
    return this.#running.size;
  }

  /**
   * Subscribes to the live result of `key`, or starts one. The key is the exact identity of the result: document,
   * operation, variables and the caller's access. Returns an unsubscribe function.
   */
  subscribe(key: string, start: LiveResultOptions['start'], subscriber: Subscriber): (outcome?: EarlyEnd) => void {
    const known = this.#newest.get(key);
    if (known?.acceptsSubscribers) return known.subscribe(subscriber);
    const result: LiveResult = new LiveResult({
      start,
      maskError: this.#maskError,
      onEnd: () => {
        this.#running.delete(result);
        if (this.#newest.get(key) === result) this.#newest.delete(key);
      },
    });
    this.#running.add(result);
    this.#newest.set(key, result);
    return result.subscribe(subscriber);
  }
}
