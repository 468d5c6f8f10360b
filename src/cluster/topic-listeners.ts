import type { ClusterLogger, Versioned } from './contract.ts';

type StateListener<S> = (published: Versioned<S>) => void;

interface Topic<S> {
  readonly listeners: Set<{ readonly hear: StateListener<S> }>;
  lastVersion: number;
}

/** Who listens to which topic in this process. Listeners are counted; each hears rising versions only, once each. */
export class TopicListeners<S> {
  readonly #topics = new Map<string, Topic<S>>();
  readonly #logger: ClusterLogger | undefined;

  constructor(logger?: ClusterLogger) {
    this.#logger = logger;
  }

  get topics(): IterableIterator<string> {
    return this.#topics.keys();
  }

  has(topic: string): boolean {
    return this.#topics.has(topic);
  }

  /** Adds a listener; the returned function removes it and says whether it was the topic's last one. */
  add(topic: string, hear: StateListener<S>): () => boolean {
    const known = this.#topics.get(topic) ?? { listeners: new Set(), lastVersion: 0 };
    // An object of its own per call: the same function may be given twice, and both count.
    const listener = { hear };
    known.listeners.add(listener);
    this.#topics.set(topic, known);
    return () => {
      if (!known.listeners.delete(listener) || known.listeners.size > 0) return false;
      this.#topics.delete(topic);
      return true;
    };
  }

  /** Raises the version below which nothing is told any more, as for a state that came from this process. */
  advanceVersion(topic: string, version: number): void {
    const known = this.#topics.get(topic);
    if (known && version > known.lastVersion) known.lastVersion = version;
  }

  /** Tells the topic's listeners, unless they have heard this version or a higher one. A listener's fault stays its own. */
  notify(topic: string, published: Versioned<S>): void {
    const known = this.#topics.get(topic);
    if (!known || published.version <= known.lastVersion) return;
    known.lastVersion = published.version;
    for (const { hear } of [...known.listeners]) {
      try {
        hear(published);
      } catch (error) {
        this.#logger?.error({ err: error }, 'a cluster listener threw');
      }
    }
  }
}
