import type { FormattedExecutionResult } from 'graphql';

/** One execution result, serialised once for however many clients it goes to. */
export class EncodedResult {
  /** The result as JSON: `{"data":…}`, `{"data":null,"errors":[…]}`. */
  readonly json: string;
  #utf8: Buffer | null = null;
  #sseEvent: Buffer | null = null;
  #multipartPart: Buffer | null = null;

  constructor(json: string) {
    this.json = json;
  }

  /** Serialises a result whose errors are formatted. */
  static of(result: FormattedExecutionResult): EncodedResult {
    return new EncodedResult(JSON.stringify(result));
  }

  /** The JSON as UTF-8: one buffer for all clients. */
  get utf8(): Buffer {
    this.#utf8 ??= Buffer.from(this.json);
    return this.#utf8;
  }

  /** The same as a GraphQL over SSE `next` event: one buffer for all clients. */
  get sseEvent(): Buffer {
    this.#sseEvent ??= Buffer.from(`event: next\ndata: ${this.json}\n\n`);
    return this.#sseEvent;
  }

  /** The same as a part of Apollo's multipart subscriptions, up to the boundary that ends it: one buffer as well. */
  get multipartPart(): Buffer {
    this.#multipartPart ??= Buffer.from(
      `\r\ncontent-type: application/json\r\n\r\n{"payload":${this.json}}\r\n--graphql`,
    );
    return this.#multipartPart;
  }
}
