/** The facts about a task's poll that {@link PolledTasks} counts. */
export interface PolledTask {
  readonly isProven: boolean;
  readonly isTrusted: boolean;
}

/** Counts the tasks whose poll waits or runs: with one token, or with all tokens where no `all` is given. */
export class PolledTasks {
  readonly #all: PolledTasks | undefined;
  #proven = 0;
  #trusted = 0;

  /** @param all counts every task of this instance too */
  constructor(all?: PolledTasks) {
    this.#all = all;
  }

  /** The tasks that A2E has answered for. */
  get proven(): number {
    return this.#proven;
  }

  /** The proven tasks whose last poll succeeded. */
  get trusted(): number {
    return this.#trusted;
  }

  add(task: PolledTask): void {
    this.#count(task, 1);
  }

  remove(task: PolledTask): void {
    this.#count(task, -1);
  }

  #count(task: PolledTask, by: 1 | -1): void {
    if (task.isProven) this.#proven += by;
    if (task.isTrusted) this.#trusted += by;
    if (this.#all) this.#all.#count(task, by);
  }
}
