import { InFlight } from './in-flight.ts';

/** Counts open WebSockets and SSE streams against `MAX_CONNECTIONS`, and against `MAX_CONNECTIONS_PER_ADDRESS`. */
export class ConnectionCount {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  readonly #open = new InFlight();

  /** @param maxPerAddress null: unlimited. */
  constructor(max: number, maxPerAddress: number | null = null) {
    this.#max = max;
    this.#maxPerAddress = maxPerAddress ?? Number.POSITIVE_INFINITY;
  }

  get open(): number {
    return this.#open.count;
  }

  /** Resolves as soon as none is open. */
  none(): Promise<void> {
    return this.#open.none();
  }

  /** Takes a place for this address; gives it back with the returned function, which is idempotent. null: all are taken. */
  enter(address: string): (() => void) | null {
    const here = this.#perAddress.get(address) ?? 0;
    if (this.open >= this.#max || here >= this.#maxPerAddress) return null;
    this.#open.begin();
    this.#perAddress.set(address, here + 1);
    let inside = true;
    return () => {
      if (inside) this.#leave(address);
      inside = false;
    };
  }

  #leave(address: string): void {
    this.#open.end();
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}
