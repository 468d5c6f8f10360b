import type { TaskSnapshot } from '../../task/task-snapshot.ts';
import type { TaskWatch } from '../../task/task-watch.ts';

/** The states that an operation has read: its result depends on them, and on the request. */
export class CacheDependencies {
  readonly #snapshots: { readonly watch: TaskWatch; readonly snapshot: TaskSnapshot }[] = [];
  #incomplete = false;

  /** How many states were read. */
  get size(): number {
    return this.#snapshots.length;
  }

  /** Records one read. A read without a state (null) makes the result uncacheable, because a state may appear later. */
  record(watch: TaskWatch, snapshot: TaskSnapshot | null): void {
    if (snapshot) this.#snapshots.push({ watch, snapshot });
    else this.#incomplete = true;
  }

  /** A read has failed: the next one may succeed. */
  markUncacheable(): void {
    this.#incomplete = true;
  }

  /**
   * Whether the same operation would read the same states now without a call to A2E: every state is fresh and still the
   * current one. False for an operation without a read.
   */
  areCurrent(): boolean {
    if (this.#incomplete || this.#snapshots.length === 0) return false;
    return this.#snapshots.every(({ watch, snapshot }) => watch.isFresh && watch.state.snapshot === snapshot);
  }
}
