import type { GraphQLFormattedError } from 'graphql';
import type { Flushable, Outlet } from './outlet.ts';
import type { ResultFrame } from './result-frame.ts';

/** How a live result ends: completed, or with errors. */
export type Ending = readonly GraphQLFormattedError[] | null;

/** How one client's transport writes. */
export interface Wire {
  next(frame: ResultFrame): void;
  /** Called once; nothing follows. */
  end(ending: Ending): void;
}

/**
 * One client's share of a live result: writes straight to its wire, or, while the client reads too slowly, keeps
 * only the newest frame. The last frame before the end is always delivered, and never two equal ones in a row.
 */
export class Delivery implements Flushable {
  readonly #wire: Wire;
  readonly #outlet: Outlet;
  #last: string | null = null;
  #pending: ResultFrame | null = null;
  #ending: { readonly how: Ending } | null = null;
  #closed = false;

  constructor(wire: Wire, outlet: Outlet) {
    this.#wire = wire;
    this.#outlet = outlet;
  }

  next(frame: ResultFrame): void {
    if (this.#closed) return;
    if (!this.#pending && !this.#outlet.blocked) return this.#write(frame);
    this.#pending = frame;
    this.#outlet.wait(this);
  }

  end(how: Ending): void {
    if (this.#closed) return;
    if (this.#pending) this.#ending = { how };
    else this.#finish(how);
  }

  flush(): void {
    const frame = this.#pending;
    this.#pending = null;
    if (frame) this.#write(frame);
    if (this.#ending) this.#finish(this.#ending.how);
  }

  /** The client has lost interest: writes nothing more. */
  close(): void {
    this.#closed = true;
    this.#pending = null;
    this.#outlet.forget(this);
  }

  #write(frame: ResultFrame): void {
    if (frame.json === this.#last) return;
    this.#last = frame.json;
    this.#wire.next(frame);
  }

  #finish(how: Ending): void {
    this.#closed = true;
    this.#wire.end(how);
  }
}
