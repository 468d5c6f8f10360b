import type { Ending, Wire } from '../../live/delivery.ts';
import type { ResultFrame } from '../../live/result-frame.ts';
import type { Peer } from './conversation.ts';
import type { LiveIterator } from './live-iterator.ts';
import { textFrame } from './text-frame.ts';

/** An id that is JSON as it stands, one byte per character: those of all usual clients are. */
const PLAIN_ID = /^[\w-]*$/;

const CLOSING_BRACE = '}'.charCodeAt(0);

/** Writes one operation's results straight to its socket, and tells graphql-ws when it has ended. */
export class SocketWire implements Wire {
  readonly #peer: Peer;
  /** The very string that graphql-ws holds: as JSON it would be another one for every operation. */
  readonly #id: string;
  readonly #isPlain: boolean;
  readonly #iterator: LiveIterator;

  constructor(peer: Peer, id: string, iterator: LiveIterator) {
    this.#peer = peer;
    this.#id = id;
    this.#isPlain = PLAIN_ID.test(id);
    this.#iterator = iterator;
  }

  next({ bytes }: ResultFrame): void {
    const { socket, outlet } = this.#peer;
    if (socket.readyState !== socket.OPEN) return;
    outlet.write(textFrame(this.#head(), bytes, CLOSING_BRACE));
  }

  end(how: Ending): void {
    this.#iterator.end(how);
  }

  #head(): string | Buffer {
    if (this.#isPlain) return `{"id":"${this.#id}","type":"next","payload":`;
    return Buffer.from(`{"id":${JSON.stringify(this.#id)},"type":"next","payload":`);
  }
}
