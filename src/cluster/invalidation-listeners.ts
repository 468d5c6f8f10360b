import type { ClusterLogger, InvalidationListener } from './contract.ts';

/** The listeners of one process for invalidations. */
export class InvalidationListeners {
  readonly #listeners = new Set<{ readonly listener: InvalidationListener }>();
  readonly #logger: ClusterLogger | undefined;

  constructor(logger?: ClusterLogger) {
    this.#logger = logger;
  }

  /** `Cluster.onInvalidate`. */
  add(listener: InvalidationListener): () => void {
    // An object of its own per call: the same function may be given twice, and both count.
    const entry = { listener };
    this.#listeners.add(entry);
    return () => void this.#listeners.delete(entry);
  }

  /** Calls every listener. An error of one listener reaches no other. */
  notify(ids: ReadonlySet<string>): void {
    if (ids.size === 0) return;
    for (const { listener } of [...this.#listeners]) {
      try {
        listener(ids);
      } catch (error) {
        this.#logger?.error({ err: error }, 'an invalidation listener threw');
      }
    }
  }
}
