import type { ServerResponse } from 'node:http';
import { StaggeredInterval } from '../limits/staggered-interval.ts';

interface OpenStream {
  readonly response: ServerResponse;
  readonly heartbeat: Buffer;
}

/** Writes a heartbeat to every stream once per period, so that proxies and clients know that the stream is alive. */
export class KeepAlive implements Disposable {
  readonly #streams: StaggeredInterval<OpenStream>;

  constructor(periodMs = 12_000) {
    this.#streams = new StaggeredInterval(periodMs, ({ response, heartbeat }) => {
      if (!response.writableNeedDrain && !response.writableEnded) response.write(heartbeat);
    });
  }

  /** Keeps a stream alive until it closes. */
  add(response: ServerResponse, heartbeat: Buffer): void {
    response.once('close', this.#streams.add({ response, heartbeat }));
  }

  [Symbol.dispose](): void {
    this.#streams[Symbol.dispose]();
  }
}
