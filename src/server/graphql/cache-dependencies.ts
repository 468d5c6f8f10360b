import type { TaskSnapshot } from '../../task/task-snapshot.ts';
import type { TaskWatch } from '../../task/task-watch.ts';

/** Which states an operation has read: what its answer depends on, beside the request. */
export class CacheDependencies {
  readonly #snapshots: { readonly watch: TaskWatch; readonly snapshot: TaskSnapshot }[] = [];
  #incomplete = false;

  /** The operation has read this. null, no state, may turn into something else without a trace. */
  record(watch: TaskWatch, snapshot: TaskSnapshot | null): void {
    if (snapshot) this.#snapshots.push({ watch, snapshot });
    else this.#incomplete = true;
  }

  /** Reading has failed, which says nothing about the next time. */
  markUncacheable(): void {
    this.#incomplete = true;
  }

  /**
   * Whether the same operation would read the same now, at no cost: every state is the one known, and nothing newer is
   * to be had. Never for an operation that reads nothing.
   */
  areCurrent(): boolean {
    if (this.#incomplete || this.#snapshots.length === 0) return false;
    return this.#snapshots.every(({ watch, snapshot }) => watch.isFresh && watch.state.snapshot === snapshot);
  }
}
