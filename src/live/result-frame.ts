import type { ExecutionResult, GraphQLFormattedError } from 'graphql';

/** One execution result, serialised once for however many clients it goes to. */
export class ResultFrame {
  /** The result as JSON: `{"data":…}`, `{"data":null,"errors":[…]}`. */
  readonly json: string;
  #event: Buffer | null = null;

  constructor(json: string) {
    this.json = json;
  }

  static of(result: ExecutionResult, format: (error: unknown) => GraphQLFormattedError): ResultFrame {
    const { errors, ...rest } = result;
    return new ResultFrame(JSON.stringify(errors ? { ...rest, errors: errors.map(format) } : rest));
  }

  /** The same as a GraphQL over SSE `next` event: one buffer for all clients. */
  get event(): Buffer {
    this.#event ??= Buffer.from(`event: next\ndata: ${this.json}\n\n`);
    return this.#event;
  }
}
