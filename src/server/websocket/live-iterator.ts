import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import type { Ending } from '../../live/delivery.ts';

/** Carries a subscription's last errors through graphql-ws to its `onError` hook. */
export class EndedWithErrors extends Error {
  readonly errors: readonly GraphQLFormattedError[];

  constructor(errors: readonly GraphQLFormattedError[]) {
    super('The subscription ended with errors');
    this.errors = errors;
  }
}

/**
 * What graphql-ws holds in place of a subscription's results: it never yields one, since they are written straight
 * to the socket, but tells when the subscription has ended, and is told when the client has lost interest.
 */
export class LiveIterator implements AsyncGenerator<ExecutionResult, void, void> {
  readonly #results = Promise.withResolvers<IteratorResult<ExecutionResult, void>>();
  readonly #onReturn: () => void;
  /** Resolves when the subscription has ended, in whatever way. */
  readonly ended: Promise<void>;

  /** @param onReturn the client has lost interest. */
  constructor(onReturn: () => void) {
    this.#onReturn = onReturn;
    const settled = (): void => {};
    this.ended = this.#results.promise.then(settled, settled);
  }

  end(how: Ending): void {
    if (how) this.#results.reject(new EndedWithErrors(how));
    else this.#results.resolve({ done: true, value: undefined });
  }

  /** The client's right has ended: stops, and ends with these errors. */
  expire(errors: readonly GraphQLFormattedError[]): void {
    this.#onReturn();
    this.end(errors);
  }

  next(): Promise<IteratorResult<ExecutionResult, void>> {
    return this.#results.promise;
  }

  return(): Promise<IteratorResult<ExecutionResult, void>> {
    this.#onReturn();
    this.end(null);
    return Promise.resolve({ done: true, value: undefined });
  }

  async throw(error: unknown): Promise<IteratorResult<ExecutionResult, void>> {
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
