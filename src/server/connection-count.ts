/** Counts open WebSockets and SSE streams against `MAX_CONNECTIONS`. */
export class ConnectionCount {
  readonly #max: number;
  #open = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get open(): number {
    return this.#open;
  }

  /** Takes a place; gives it back with the returned function, which is idempotent. null: all are taken. */
  enter(): (() => void) | null {
    if (this.#open >= this.#max) return null;
    this.#open += 1;
    let inside = true;
    return () => {
      if (inside) this.#open -= 1;
      inside = false;
    };
  }
}
