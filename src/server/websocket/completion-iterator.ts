import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Completion, EarlyEnd } from '../../live/subscriber.ts';

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
 * The async generator that graphql-ws receives instead of a subscription's results. It yields no result, because results
 * go straight to the socket. `next()` settles when the operation ends, and `return()` cancels the operation. Every
 * subscription of every socket has one, so it keeps as few fields as possible.
 */
export class CompletionIterator implements AsyncGenerator<ExecutionResult, void, void> {
  readonly #running: Set<CompletionIterator>;
  #stop: ((outcome?: EarlyEnd) => void) | null = null;
  #settle: ((result: Result | Promise<Result>) => void) | null = null;
  #completion: { readonly value: Completion } | null = null;

  /** @param running the operations of the same socket; the iterator is a member until it has ended. */
  constructor(running: Set<CompletionIterator>) {
    this.#running = running;
    running.add(this);
  }

  /** @param stop is called when the client cancels the operation. */
  onStop(stop: (outcome?: EarlyEnd) => void): void {
    this.#stop = stop;
  }

  end(completion: Completion): void {
    if (this.#completion) return;
    this.#completion = { value: completion };
    this.#running.delete(this);
    this.#settle?.(lastResult(completion));
  }

  /** The client's token has expired: cancels the operation and ends it with these errors. */
  expire(errors: readonly GraphQLFormattedError[]): void {
    this.#stop?.('failed');
    this.end(errors);
  }

  /** Settles when the subscription has ended. Call it again only then, as graphql-ws does. */
  next(): Promise<Result> {
    if (this.#completion) return lastResult(this.#completion.value);
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

async function lastResult(completion: Completion): Promise<Result> {
  if (completion) throw new CompletedWithErrors(completion);
  return { done: true, value: undefined };
}
