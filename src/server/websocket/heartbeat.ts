import type { WebSocket } from 'ws';

/** Sockets are pinged in this many groups, one after the other, so that many of them cost no burst. */
const GROUPS = 12;

interface Beat {
  /** Pings in a row without an answer. */
  missed: number;
  readonly group: number;
}

/**
 * Pings every socket once per period and terminates one that has answered none for two. One timer for all. A socket
 * that is not read just now is left alone: its answers may be behind what it has sent before.
 */
export class Heartbeat implements Disposable {
  readonly #beats = new Map<WebSocket, Beat>();
  readonly #timer: NodeJS.Timeout;
  #tick = 0;
  #next = 0;

  /** @param periodMs `12000` by the contract. */
  constructor(periodMs = 12_000) {
    this.#timer = setInterval(() => this.#beat(), periodMs / GROUPS).unref();
  }

  /** Watches a socket until it closes. */
  add(socket: WebSocket): void {
    const beat: Beat = { missed: 0, group: this.#next++ % GROUPS };
    this.#beats.set(socket, beat);
    socket.on('pong', () => {
      beat.missed = 0;
    });
    socket.once('close', () => this.#beats.delete(socket));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#beats.clear();
  }

  #beat(): void {
    const group = this.#tick++ % GROUPS;
    for (const [socket, beat] of this.#beats) {
      if (beat.group !== group || socket.isPaused) continue;
      if (beat.missed >= 2) socket.terminate();
      else socket.ping();
      beat.missed += 1;
    }
  }
}
