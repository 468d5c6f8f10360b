import type { Cluster, Versioned } from '../cluster/contract.ts';
import type { WatchState } from './watch-state.ts';

/** The cluster's side of one watch: its subscription to publications, and the read of the stored state. */
export class SharedState {
  readonly #cluster: Cluster<WatchState>;
  readonly #topic: string;
  readonly #onPublished: (published: Versioned<WatchState>) => void;
  #unsubscribe: (() => void) | null = null;
  #hydrating: Promise<void> | null = null;

  /** @param onPublished is called with every state that another gateway publishes while subscribed */
  constructor(cluster: Cluster<WatchState>, topic: string, onPublished: (published: Versioned<WatchState>) => void) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#onPublished = onPublished;
  }

  get isSubscribed(): boolean {
    return this.#unsubscribe !== null;
  }

  /** Pending during {@link hydrate}, else null. */
  get hydrating(): Promise<void> | null {
    return this.#hydrating;
  }

  /** The stored state, or null when there is none or the cluster cannot be reached. */
  read(): Promise<Versioned<WatchState> | null> {
    return this.#cluster.read(this.#topic);
  }

  /** Runs the initial load of the stored state. A later call replaces an earlier one. */
  async hydrate(load: () => Promise<void>): Promise<void> {
    const hydrating = load().then(() => {
      if (this.#hydrating === hydrating) this.#hydrating = null;
    });
    this.#hydrating = hydrating;
    await hydrating;
  }

  /** Idempotent. */
  subscribe(): void {
    this.#unsubscribe ??= this.#cluster.subscribe(this.#topic, this.#onPublished);
  }

  /** Idempotent. */
  unsubscribe(): void {
    this.#unsubscribe?.();
    this.#unsubscribe = null;
  }
}
