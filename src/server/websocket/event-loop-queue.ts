/** The share of all queued tasks in one iteration of the event loop, in ms. */
const BUDGET_MS = 1;

/**
 * Runs tasks in order, for at most 1 ms per iteration of the event loop, so that updates to clients leave between the
 * messages of a burst.
 */
export class EventLoopQueue {
  #queue: (() => void)[] = [];
  #next = 0;
  #scheduled = false;

  /** Runs `task` in a later iteration, after the tasks that were queued before it. */
  run(task: () => void): void {
    this.#queue.push(task);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#work);
  }

  readonly #work = (): void => {
    const until = performance.now() + BUDGET_MS;
    while (this.#next < this.#queue.length && performance.now() < until) this.#queue[this.#next++]?.();
    if (this.#next < this.#queue.length) {
      setImmediate(this.#work);
      return;
    }
    this.#queue = [];
    this.#next = 0;
    this.#scheduled = false;
  };
}
