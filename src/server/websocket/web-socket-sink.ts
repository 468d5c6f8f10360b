import type { EncodedResult } from '../../live/encoded-result.ts';
import type { Completion, ResultSink } from '../../live/subscriber.ts';
import type { CompletionIterator } from './completion-iterator.ts';
import type { ConnectionState } from './protocol.ts';
import { encodeTextFrame } from './text-frame.ts';

/** An id that is JSON as it stands, one byte per character: those of all usual clients are. */
const PLAIN_ID = /^[\w-]*$/;

const CLOSING_BRACE = '}'.charCodeAt(0);

/** Writes one operation's results straight to its socket, and tells graphql-ws when it has ended. */
export class WebSocketSink implements ResultSink {
  readonly #peer: ConnectionState;
  /** The very string that graphql-ws holds: as JSON it would be another one for every operation. */
  readonly #id: string;
  readonly #isPlain: boolean;
  readonly #iterator: CompletionIterator;

  constructor(peer: ConnectionState, id: string, iterator: CompletionIterator) {
    this.#peer = peer;
    this.#id = id;
    this.#isPlain = PLAIN_ID.test(id);
    this.#iterator = iterator;
  }

  next({ utf8 }: EncodedResult): void {
    const { socket, writer } = this.#peer;
    if (socket.readyState !== socket.OPEN) return;
    writer.write(encodeTextFrame(this.#head(), utf8, CLOSING_BRACE));
  }

  end(how: Completion): void {
    this.#iterator.end(how);
  }

  #head(): string | Buffer {
    if (this.#isPlain) return `{"id":"${this.#id}","type":"next","payload":`;
    return Buffer.from(`{"id":${JSON.stringify(this.#id)},"type":"next","payload":`);
  }
}
