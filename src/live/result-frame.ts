import type { ExecutionResult, GraphQLFormattedError } from 'graphql';

/** One execution result, serialised once for however many clients it goes to. */
export class ResultFrame {
  /** The result as JSON: `{"data":…}`, `{"data":null,"errors":[…]}`. */
  readonly json: string;
  #bytes: Buffer | null = null;
  #event: Buffer | null = null;
  #part: Buffer | null = null;

  constructor(json: string) {
    this.json = json;
  }

  static of(result: ExecutionResult, format: (error: unknown) => GraphQLFormattedError): ResultFrame {
    const { errors, ...rest } = result;
    return new ResultFrame(JSON.stringify(errors ? { ...rest, errors: errors.map(format) } : rest));
  }

  /** The JSON as UTF-8: one buffer for all clients. */
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.json);
    return this.#bytes;
  }

  /** The same as a GraphQL over SSE `next` event: one buffer for all clients. */
  get event(): Buffer {
    this.#event ??= Buffer.from(`event: next\ndata: ${this.json}\n\n`);
    return this.#event;
  }

  /** The same as a part of Apollo's multipart subscriptions, up to the boundary that ends it: one buffer as well. */
  get part(): Buffer {
    this.#part ??= Buffer.from(`\r\ncontent-type: application/json\r\n\r\n{"payload":${this.json}}\r\n--graphql`);
    return this.#part;
  }
}
