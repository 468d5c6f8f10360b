/** Collects the arguments of a callback, so that a test can wait for them. */
export class CallbackQueue<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  /** The callback. */
  readonly put = (item: T): void => {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  };

  /** Calls `take` with every item, past and future. */
  each(take: (item: T) => void): void {
    let taken = 0;
    const look = () => {
      while (taken < this.all.length) {
        taken += 1;
        take(this.all[taken - 1] as T);
      }
    };
    this.#waiting.add(look);
    look();
  }

  /** The first item, past or future, that fits. */
  async find(fits: (item: T) => boolean): Promise<T> {
    await this.#grown(() => this.all.some(fits));
    return this.all.find(fits) as T;
  }

  /** Resolves when there are `count` items in all. */
  async count(count: number): Promise<readonly T[]> {
    await this.#grown(() => this.all.length >= count);
    return this.all;
  }

  #grown(enough: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (!enough()) return;
      this.#waiting.delete(look);
      resolve();
    };
    this.#waiting.add(look);
    look();
    return promise;
  }
}
