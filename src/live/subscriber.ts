import type { SpanContext } from '@opentelemetry/api';
import type { GraphQLFormattedError } from 'graphql';
import { ClientCounts, type SubscriptionEnd } from './client-counts.ts';
import type { EncodedResult } from './encoded-result.ts';
import type { Flushable, StreamWriter } from './stream-writer.ts';

/** The end of a live result: errors, or null for completion. */
export type Completion = readonly GraphQLFormattedError[] | null;

/** How a subscription ends before its completion: by the client, or by the transport with an error of its own. */
export type EarlyEnd = Exclude<SubscriptionEnd, 'completed'>;

/** Follows a subscription to its end. */
export interface SubscriptionTrace {
  readonly spanContext: SpanContext;
  /** Called once. `errors`: of a subscription that has failed; absent: its token has expired. */
  end(outcome: 'completed' | EarlyEnd, errors?: readonly GraphQLFormattedError[]): void;
}

/** Writes results as one transport does. */
export interface ResultSink {
  next(result: EncodedResult): void;
  /** Called once, last. */
  end(completion: Completion): void;
}

/** For results that are no updates of a subscription. */
const UNCOUNTED = new ClientCounts();

/**
 * One client of a live result. Writes results to the sink at once; while the client reads too slowly, keeps only the
 * newest result of each key (conflation). The last result of each key is always delivered, and never two equal results
 * in a row.
 */
export class Subscriber implements Flushable {
  readonly #sink: ResultSink;
  readonly #writer: StreamWriter;
  readonly #counts: ClientCounts;
  /** null: the subscription is not traced. */
  trace: SubscriptionTrace | null = null;
  #last: string | null = null;
  /** Created on demand: most readers are never slow. */
  #pending: Map<string, EncodedResult> | null = null;
  #completion: { readonly completion: Completion } | null = null;
  #closed = false;

  /** @param counts of the subscriptions of this transport; absent for an operation that is none */
  constructor(sink: ResultSink, writer: StreamWriter, counts: ClientCounts = UNCOUNTED) {
    this.#sink = sink;
    this.#writer = writer;
    this.#counts = counts;
    counts.addSubscription();
  }

  /** @param key a newer result replaces an older one with the same key that was not written yet. */
  next(result: EncodedResult, key = ''): void {
    if (this.#closed) return;
    if (!this.#pending && !this.#writer.needsDrain) return this.#write(result);
    this.#pending ??= new Map();
    if (this.#pending.has(key)) this.#counts.addConflated();
    this.#pending.set(key, result);
    this.#writer.onceDrained(this);
  }

  end(completion: Completion): void {
    if (this.#closed) return;
    if (this.#pending) this.#completion = { completion };
    else this.#finish(completion);
  }

  flush(): void {
    for (const [key, result] of this.#pending ?? []) {
      if (this.#writer.needsDrain) return this.#writer.onceDrained(this);
      this.#pending?.delete(key);
      this.#write(result);
    }
    this.#pending = null;
    if (this.#completion) this.#finish(this.#completion.completion);
  }

  /** Drops pending results and a pending end, and every later one. */
  close(outcome: EarlyEnd = 'unsubscribed'): void {
    if (!this.#closed) {
      this.#counts.endSubscription(outcome);
      this.trace?.end(outcome);
    }
    this.#closed = true;
    this.#pending = null;
    this.#completion = null;
    this.#writer.removeWaiter(this);
  }

  #write(result: EncodedResult): void {
    if (result.json === this.#last) return;
    this.#last = result.json;
    this.#counts.addDelivered();
    this.#sink.next(result);
  }

  #finish(completion: Completion): void {
    this.#closed = true;
    this.#counts.endSubscription(completion ? 'failed' : 'completed');
    this.trace?.end(completion ? 'failed' : 'completed', completion ?? []);
    this.#sink.end(completion);
  }
}
