import type { EncodedResult } from '../../live/encoded-result.ts';
import type { Completion, ResultSink } from '../../live/subscriber.ts';
import type { CompletionIterator } from './completion-iterator.ts';
import type { ConnectionState } from './connection-state.ts';
import { encodeTextFrame } from './text-frame.ts';

/** An id that is JSON without escapes, one byte per character, as the ids of all usual clients are. */
const PLAIN_ID = /^[\w-]*$/;

const CLOSING_BRACE = '}'.charCodeAt(0);

/** Writes one operation's results straight to its socket, and ends the iterator that graphql-ws holds. */
export class WebSocketSink implements ResultSink {
  readonly #connection: ConnectionState;
  /** The same string object that graphql-ws retains; its JSON would be a second string per operation. */
  readonly #id: string;
  readonly #isPlain: boolean;
  readonly #iterator: CompletionIterator;

  constructor(connection: ConnectionState, id: string, iterator: CompletionIterator) {
    this.#connection = connection;
    this.#id = id;
    this.#isPlain = PLAIN_ID.test(id);
    this.#iterator = iterator;
  }

  next({ utf8 }: EncodedResult): void {
    const { socket, writer } = this.#connection;
    if (socket.readyState !== socket.OPEN) return;
    writer.write(encodeTextFrame(this.#head(), utf8, CLOSING_BRACE));
  }

  end(completion: Completion): void {
    this.#iterator.end(completion);
  }

  #head(): string | Buffer {
    if (this.#isPlain) return `{"id":"${this.#id}","type":"next","payload":`;
    return Buffer.from(`{"id":${JSON.stringify(this.#id)},"type":"next","payload":`);
  }
}
