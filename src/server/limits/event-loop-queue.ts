/** How long all tasks together may run in one turn of the event loop, in ms. */
const BUDGET_MS = 1;

/**
 * Runs tasks in order, for at most {@link BUDGET_MS} per turn of the event loop (one task at least). Updates of live
 * subscriptions, health checks and reads go on between the turns, for any number of waiting tasks.
 */
export class EventLoopQueue {
  #queue: (() => void)[] = [];
  #next = 0;
  #scheduled = false;

  /** Runs `task` in this turn or a later one, after the tasks that came before it. */
  run(task: () => void): void {
    this.#queue.push(task);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#work);
  }

  readonly #work = (): void => {
    const until = performance.now() + BUDGET_MS;
    try {
      while (this.#next < this.#queue.length && performance.now() < until) this.#queue[this.#next++]?.();
    } finally {
      this.#goOn();
    }
  };

  /** Also after a task that has thrown: the ones that wait are other clients'. */
  #goOn(): void {
    if (this.#next < this.#queue.length) {
      setImmediate(this.#work);
      return;
    }
    this.#queue = [];
    this.#next = 0;
    this.#scheduled = false;
  }
}
