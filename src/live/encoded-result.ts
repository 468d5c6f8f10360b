import type { FormattedExecutionResult } from 'graphql';

/** One execution result, serialised once for all clients. */
export class EncodedResult {
  /** The result as JSON: `{"data":…}`, `{"data":null,"errors":[…]}`. */
  readonly json: string;
  #utf8: Buffer | null = null;
  #sseEvent: Buffer | null = null;
  #multipartPart: Buffer | null = null;

  constructor(json: string) {
    this.json = json;
  }

  /** Serialises a result with formatted errors. */
  static of(result: FormattedExecutionResult): EncodedResult {
    return new EncodedResult(JSON.stringify(result));
  }

  /** The JSON as UTF-8: one buffer for all clients. */
  get utf8(): Buffer {
    this.#utf8 ??= Buffer.from(this.json);
    return this.#utf8;
  }

  /** The result as a `next` event of GraphQL over SSE: one buffer for all clients. */
  get sseEvent(): Buffer {
    this.#sseEvent ??= Buffer.from(`event: next\ndata: ${this.json}\n\n`);
    return this.#sseEvent;
  }

  /**
   * The result as a part of Apollo's multipart subscriptions, up to the boundary that ends it: one buffer for all
   * clients.
   */
  get multipartPart(): Buffer {
    this.#multipartPart ??= Buffer.from(
      `\r\ncontent-type: application/json\r\n\r\n{"payload":${this.json}}\r\n--graphql`,
    );
    return this.#multipartPart;
  }
}
