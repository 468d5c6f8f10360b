import type { ClusterLogger, Versioned } from './contract.ts';

type StateListener<S> = (published: Versioned<S>) => void;

interface Topic<S> {
  readonly listeners: Set<{ readonly listener: StateListener<S> }>;
  lastVersion: number;
}

/** The listeners of this process by topic. They are counted; each listener gets rising versions only, once each. */
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
  add(topic: string, listener: StateListener<S>): () => boolean {
    const known = this.#topics.get(topic) ?? { listeners: new Set(), lastVersion: 0 };
    // An object of its own per call: the same function may be given twice, and both count.
    const entry = { listener };
    known.listeners.add(entry);
    this.#topics.set(topic, known);
    return () => {
      if (!known.listeners.delete(entry) || known.listeners.size > 0) return false;
      this.#topics.delete(topic);
      return true;
    };
  }

  /** Raises the version up to which states are dropped, as for a state that this process published. */
  advanceVersion(topic: string, version: number): void {
    const known = this.#topics.get(topic);
    if (known && version > known.lastVersion) known.lastVersion = version;
  }

  /** Calls the topic's listeners, unless they had this version or a higher one. An error of one reaches no other. */
  notify(topic: string, published: Versioned<S>): void {
    const known = this.#topics.get(topic);
    if (!known || published.version <= known.lastVersion) return;
    known.lastVersion = published.version;
    for (const { listener } of [...known.listeners]) {
      try {
        listener(published);
      } catch (error) {
        this.#logger?.error({ err: error }, 'a cluster listener threw');
      }
    }
  }
}
