import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Completion } from '../../live/subscriber.ts';

/** Carries a subscription's last errors through graphql-ws to its `onError` hook. */
export class CompletedWithErrors extends Error {
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super('The subscription ended with errors');
    this.errors = errors;
  }
}

type Result = IteratorResult<ExecutionResult, void>;

/**
 * What graphql-ws holds in place of a subscription's results: it never yields one, since they are written straight
 * to the socket, but tells when the subscription has ended, and is told when the client has lost interest. There is
 * one for every subscription of every socket, so it holds as little as it can.
 */
export class CompletionIterator implements AsyncGenerator<ExecutionResult, void, void> {
  readonly #running: Set<CompletionIterator>;
  #stop: (() => void) | null = null;
  #settle: ((result: Result | Promise<Result>) => void) | null = null;
  #ending: { readonly how: Completion } | null = null;

  /** @param running all that runs for the same socket: it is among them until it has ended. */
  constructor(running: Set<CompletionIterator>) {
    this.#running = running;
    running.add(this);
  }

  /** @param stop called when the client has lost interest. */
  onStop(stop: () => void): void {
    this.#stop = stop;
  }

  end(how: Completion): void {
    if (this.#ending) return;
    this.#ending = { how };
    this.#running.delete(this);
    this.#settle?.(lastResult(how));
  }

  /** The client's right has ended: stops, and ends with these errors. */
  expire(errors: readonly GraphQLFormattedError[]): void {
    this.#stop?.();
    this.end(errors);
  }

  /** Settles when the subscription has ended, in whatever way. To be called again only then, as graphql-ws does. */
  next(): Promise<Result> {
    if (this.#ending) return lastResult(this.#ending.how);
    const { promise, resolve } = Promise.withResolvers<Result>();
    this.#settle = resolve;
    return promise;
  }

  return(): Promise<Result> {
    this.#stop?.();
    this.end(null);
    return lastResult(null);
  }

  async throw(error: unknown): Promise<Result> {
    await this.return();
    throw error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

async function lastResult(how: Completion): Promise<Result> {
  if (how) throw new CompletedWithErrors(how);
  return { done: true, value: undefined };
}
