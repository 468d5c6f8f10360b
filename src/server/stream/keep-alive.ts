import type { ServerResponse } from 'node:http';

/** Streams are written to in this many groups, one after the other, so that many of them cost no burst. */
const GROUPS = 12;

/** Writes a heartbeat to every stream once per period, so that proxies and clients know it lives. One timer for all. */
export class KeepAlive implements Disposable {
  readonly #groups: readonly Map<ServerResponse, Buffer>[] = Array.from({ length: GROUPS }, () => new Map());
  readonly #timer: NodeJS.Timeout;
  #tick = 0;
  #next = 0;

  constructor(periodMs = 12_000) {
    this.#timer = setInterval(() => this.#beat(), periodMs / GROUPS).unref();
  }

  /** Keeps a stream alive until it closes. */
  add(response: ServerResponse, heartbeat: Buffer): void {
    const group = this.#groups[this.#next++ % GROUPS] as Map<ServerResponse, Buffer>;
    group.set(response, heartbeat);
    response.once('close', () => group.delete(response));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    const group = this.#groups[this.#tick++ % GROUPS] as Map<ServerResponse, Buffer>;
    for (const [response, heartbeat] of group)
      if (!response.writableNeedDrain && !response.writableEnded) response.write(heartbeat);
  }
}
