/** A condition variable: each waiter waits until all are notified, or until its own time-out or abort. */
export class Waitlist {
  readonly #waiting = new Set<(told: boolean) => void>();

  get size(): number {
    return this.#waiting.size;
  }

  /** Resolves to true when all are told; to false after `forMs`, or once `signal` aborts. */
  wait(forMs: number, signal?: AbortSignal): Promise<boolean> {
    if (signal?.aborted) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (told: boolean): void => {
        this.#waiting.delete(end);
        clearTimeout(timer);
        signal?.removeEventListener('abort', giveUp);
        resolve(told);
      };
      const giveUp = (): void => end(false);
      const timer = setTimeout(giveUp, forMs);
      signal?.addEventListener('abort', giveUp);
      this.#waiting.add(end);
    });
  }

  notifyAll(): void {
    for (const end of [...this.#waiting]) end(true);
  }
}
