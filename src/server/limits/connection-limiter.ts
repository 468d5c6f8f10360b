import { InFlightCounter } from '../shutdown/in-flight-counter.ts';
import { createRefusals, type Refusals } from './refusals.ts';

/** Counts open WebSockets and SSE streams against `MAX_CONNECTIONS`, and against `MAX_CONNECTIONS_PER_ADDRESS`. */
export class ConnectionLimiter {
  readonly #max: number;
  readonly #maxPerAddress: number;
  readonly #perAddress = new Map<string, number>();
  readonly #open = new InFlightCounter();
  readonly #refusals: Refusals;

  /** @param maxPerAddress null: unlimited. */
  constructor(max: number, maxPerAddress: number | null = null, refusals: Refusals = createRefusals()) {
    this.#refusals = refusals;
    this.#max = max;
    this.#maxPerAddress = maxPerAddress ?? Number.POSITIVE_INFINITY;
  }

  get open(): number {
    return this.#open.count;
  }

  /** Resolves as soon as none is open. */
  idle(): Promise<void> {
    return this.#open.idle();
  }

  /** Takes a place for this address; gives it back with the returned function, which is idempotent. null: all are taken. */
  tryAcquire(address: string): (() => void) | null {
    const here = this.#perAddress.get(address) ?? 0;
    if (this.open >= this.#max || here >= this.#maxPerAddress) {
      this.#refusals.add(this.open >= this.#max ? 'connections' : 'connections_per_address');
      return null;
    }
    this.#open.increment();
    this.#perAddress.set(address, here + 1);
    let inside = true;
    return () => {
      if (inside) this.#release(address);
      inside = false;
    };
  }

  #release(address: string): void {
    this.#open.decrement();
    const left = (this.#perAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(address, left);
    else this.#perAddress.delete(address);
  }
}
