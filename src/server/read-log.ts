import type { TaskSnapshot } from '../task/task-snapshot.ts';
import type { TaskWatch } from '../task/task-watch.ts';
import { isFinal } from '../task/watch-state.ts';

/** Which states an operation has read: what its answer depends on, beside the request. */
export class ReadLog {
  readonly #reads: { readonly watch: TaskWatch; readonly snapshot: TaskSnapshot }[] = [];
  #incomplete = false;

  /** The operation has read this. null, no state, may turn into something else without a trace. */
  note(watch: TaskWatch, snapshot: TaskSnapshot | null): void {
    if (snapshot) this.#reads.push({ watch, snapshot });
    else this.#incomplete = true;
  }

  /** Reading has failed, which says nothing about the next time. */
  failed(): void {
    this.#incomplete = true;
  }

  /**
   * Whether the same operation would read the same now, at no cost: every state is the one known, and is final or was
   * checked within the last `intervalMs`. Never for an operation that reads nothing.
   */
  stands(intervalMs: number): boolean {
    if (this.#incomplete || this.#reads.length === 0) return false;
    const checkedSince = Date.now() - intervalMs;
    return this.#reads.every(({ watch: { state }, snapshot }) => {
      return state.snapshot === snapshot && (state.attemptedAt > checkedSince || isFinal(state));
    });
  }
}
