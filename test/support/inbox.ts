/** Collects what a callback is given, so that a test can wait for it. */
export class Inbox<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  /** The callback. */
  readonly put = (item: T): void => {
    this.all.push(item);
    for (const look of [...this.#waiting]) look();
  };

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
