/** What all messages together may take of one turn of the event loop, in ms. */
const BUDGET_MS = 1;

/**
 * Handles what clients send in the order it came, for no longer than a moment per turn of the event loop: however many
 * send however much at once, the updates of everybody else go out between them.
 */
export class EventLoopQueue {
  #queue: (() => void)[] = [];
  #next = 0;
  #scheduled = false;

  /** Runs `task` in this turn or a later one, after those that came before it. */
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
