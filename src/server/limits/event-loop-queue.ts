/** How long all tasks together may run in one turn of the event loop, in ms. */
const BUDGET_MS = 1;

/**
 * Runs tasks in order, for at most {@link BUDGET_MS} per turn of the event loop (one task at least). The promises that a
 * task settles count as a part of it. Updates of live subscriptions, health checks and reads go on between the turns, for
 * any number of waiting tasks.
 */
export class EventLoopQueue {
  readonly #beforeTurn: () => void;
  #queue: (() => void)[] = [];
  #next = 0;
  #scheduled = false;
  #until = 0;

  /** @param beforeTurn is called before the tasks of a turn: work of this turn that must not wait for them */
  constructor(beforeTurn: () => void = () => {}) {
    this.#beforeTurn = beforeTurn;
  }

  /** Runs `task` in this turn or a later one, after the tasks that came before it. */
  run(task: () => void): void {
    this.#queue.push(task);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#beginTurn);
  }

  readonly #beginTurn = (): void => {
    this.#forget();
    try {
      this.#beforeTurn();
    } finally {
      this.#until = performance.now() + BUDGET_MS;
      this.#runNext();
    }
  };

  #runNext(): void {
    try {
      this.#queue[this.#next++]?.();
    } finally {
      // Also after a task that has thrown: the tasks that wait are other clients'.
      queueMicrotask(this.#afterPromises);
    }
  }

  /** A tick that a microtask queues comes after all microtasks. */
  readonly #afterPromises = (): void => process.nextTick(this.#goOn);

  readonly #goOn = (): void => {
    if (this.#next < this.#queue.length) {
      if (performance.now() < this.#until) this.#runNext();
      else setImmediate(this.#beginTurn);
      return;
    }
    this.#forget();
    this.#scheduled = false;
  };

  /** Drops the tasks that have run: a queue that floods keep busy never becomes empty. */
  #forget(): void {
    this.#queue.splice(0, this.#next);
    this.#next = 0;
  }
}
