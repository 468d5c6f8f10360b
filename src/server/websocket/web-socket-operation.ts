import type { EncodedResult } from '../../live/encoded-result.ts';
import type { Completion, EarlyEnd, ResultSink } from '../../live/subscriber.ts';
import type { ConnectionState } from './connection-state.ts';
import type { ActiveOperation, Conversation } from './conversation.ts';
import { encodeTextFrame } from './text-frame.ts';

/** An id that is JSON without escapes, one byte per character, as the ids of all usual clients are. */
const PLAIN_ID = /^[\w-]*$/;

const CLOSING_BRACE = '}'.charCodeAt(0);

/**
 * One operation of a socket: writes its results straight to the socket, past the protocol. Every subscription has one, so
 * it keeps as few fields as possible.
 */
export class WebSocketOperation implements ResultSink, ActiveOperation {
  readonly #conversation: Conversation<ConnectionState>;
  readonly #id: string;
  readonly #isPlain: boolean;
  #stop: ((outcome?: EarlyEnd) => void) | null = null;

  constructor(conversation: Conversation<ConnectionState>, id: string) {
    this.#conversation = conversation;
    this.#id = id;
    this.#isPlain = PLAIN_ID.test(id);
  }

  /** @param stop cancels the operation; it writes nothing more. */
  onStop(stop: (outcome?: EarlyEnd) => void): void {
    this.#stop = stop;
  }

  stop(outcome?: EarlyEnd): void {
    this.#stop?.(outcome);
  }

  next({ utf8 }: EncodedResult): void {
    const { socket, writer } = this.#conversation.peer;
    if (socket.readyState !== socket.OPEN) return;
    writer.write(encodeTextFrame(this.#head(), utf8, CLOSING_BRACE));
  }

  end(completion: Completion): void {
    if (completion) this.#conversation.fail(this.#id, completion);
    else this.#conversation.complete(this.#id);
  }

  #head(): string | Buffer {
    if (this.#isPlain) return `{"id":"${this.#id}","type":"next","payload":`;
    return Buffer.from(`{"id":${JSON.stringify(this.#id)},"type":"next","payload":`);
  }
}
