import type { GraphQLFormattedError } from 'graphql';
import type { EncodedResult } from './encoded-result.ts';
import type { Flushable, StreamWriter } from './stream-writer.ts';

/** How a live result ends: completed, or with errors. */
export type Completion = readonly GraphQLFormattedError[] | null;

/** How one client's transport writes. */
export interface ResultSink {
  next(frame: EncodedResult): void;
  /** Called once; nothing follows. */
  end(ending: Completion): void;
}

/**
 * One client's share of a live result: writes straight to its wire, or, while the client reads too slowly, keeps
 * only the newest frame of every slot. The last of each is always delivered, and never two equal ones in a row.
 */
export class Subscriber implements Flushable {
  readonly #sink: ResultSink;
  readonly #writer: StreamWriter;
  #last: string | null = null;
  /** Made when it is needed: hardly any reader is ever slow. */
  #pending: Map<string, EncodedResult> | null = null;
  #completion: { readonly how: Completion } | null = null;
  #closed = false;

  constructor(wire: ResultSink, outlet: StreamWriter) {
    this.#sink = wire;
    this.#writer = outlet;
  }

  /** @param slot a newer frame takes the place of an older one of the same slot that was not written yet. */
  next(frame: EncodedResult, slot = ''): void {
    if (this.#closed) return;
    if (!this.#pending && !this.#writer.needsDrain) return this.#write(frame);
    this.#pending ??= new Map();
    this.#pending.set(slot, frame);
    this.#writer.onceDrained(this);
  }

  end(how: Completion): void {
    if (this.#closed) return;
    if (this.#pending) this.#completion = { how };
    else this.#finish(how);
  }

  flush(): void {
    for (const [slot, frame] of this.#pending ?? []) {
      if (this.#writer.needsDrain) return this.#writer.onceDrained(this);
      this.#pending?.delete(slot);
      this.#write(frame);
    }
    this.#pending = null;
    if (this.#completion) this.#finish(this.#completion.how);
  }

  /** The client has lost interest: writes nothing more. */
  close(): void {
    this.#closed = true;
    this.#pending = null;
    this.#writer.removeWaiter(this);
  }

  #write(frame: EncodedResult): void {
    if (frame.json === this.#last) return;
    this.#last = frame.json;
    this.#sink.next(frame);
  }

  #finish(how: Completion): void {
    this.#closed = true;
    this.#sink.end(how);
  }
}
