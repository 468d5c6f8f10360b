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
 * only the newest frame of every slot. The last of each is always delivered, and never two equal ones in a row.
 */
export class Delivery implements Flushable {
  readonly #wire: Wire;
  readonly #outlet: Outlet;
  #last: string | null = null;
  /** Made when it is needed: hardly any reader is ever slow. */
  #pending: Map<string, ResultFrame> | null = null;
  #ending: { readonly how: Ending } | null = null;
  #closed = false;

  constructor(wire: Wire, outlet: Outlet) {
    this.#wire = wire;
    this.#outlet = outlet;
  }

  /** @param slot a newer frame takes the place of an older one of the same slot that was not written yet. */
  next(frame: ResultFrame, slot = ''): void {
    if (this.#closed) return;
    if (!this.#pending && !this.#outlet.blocked) return this.#write(frame);
    this.#pending ??= new Map();
    this.#pending.set(slot, frame);
    this.#outlet.wait(this);
  }

  end(how: Ending): void {
    if (this.#closed) return;
    if (this.#pending) this.#ending = { how };
    else this.#finish(how);
  }

  flush(): void {
    for (const [slot, frame] of this.#pending ?? []) {
      if (this.#outlet.blocked) return this.#outlet.wait(this);
      this.#pending?.delete(slot);
      this.#write(frame);
    }
    this.#pending = null;
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
