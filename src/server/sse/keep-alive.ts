import type { ServerResponse } from 'node:http';

const COMMENT = Buffer.from(':\n\n');
/** Streams are written to in this many groups, one after the other, so that many of them cost no burst. */
const GROUPS = 12;

/** Writes a comment to every stream once per period, so that proxies and clients know it lives. One timer for all. */
export class KeepAlive implements Disposable {
  readonly #groups: readonly Set<ServerResponse>[] = Array.from({ length: GROUPS }, () => new Set());
  readonly #timer: NodeJS.Timeout;
  #tick = 0;
  #next = 0;

  constructor(periodMs = 12_000) {
    this.#timer = setInterval(() => this.#beat(), periodMs / GROUPS).unref();
  }

  /** Keeps a stream alive until it closes. */
  add(response: ServerResponse): void {
    const group = this.#groups[this.#next++ % GROUPS] as Set<ServerResponse>;
    group.add(response);
    response.once('close', () => group.delete(response));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const group = this.#groups[this.#tick++ % GROUPS] as Set<ServerResponse>;
    for (const response of group) if (!response.writableNeedDrain && !response.writableEnded) response.write(COMMENT);
  }
}
