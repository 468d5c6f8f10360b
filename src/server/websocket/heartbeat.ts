import type { WebSocket } from 'ws';
import { StaggeredInterval } from '../limits/staggered-interval.ts';

interface Pinged {
  readonly socket: WebSocket;
  /** Pings in a row without an answer. */
  missed: number;
}

/**
 * Pings every socket once per period and terminates a socket that has answered no ping for two periods. A paused socket
 * is skipped, because its pongs may wait behind messages that the gateway has not read yet.
 */
export class Heartbeat implements Disposable {
  readonly #sockets: StaggeredInterval<Pinged>;

  /**
   * @param periodMs `12000` by the contract
   * @param onSilent is called with a socket before its termination
   */
  constructor(periodMs = 12_000, onSilent: (socket: WebSocket) => void = () => {}) {
    this.#sockets = new StaggeredInterval(periodMs, (pinged) => ping(pinged, onSilent));
  }

  /** Pings a socket until it closes. */
  add(socket: WebSocket): void {
    const pinged: Pinged = { socket, missed: 0 };
    socket.on('pong', () => {
      pinged.missed = 0;
    });
    socket.once('close', this.#sockets.add(pinged));
  }

  [Symbol.dispose](): void {
    this.#sockets[Symbol.dispose]();
  }
}

function ping(pinged: Pinged, onSilent: (socket: WebSocket) => void): void {
  const { socket } = pinged;
  if (socket.isPaused) return;
  if (pinged.missed >= 2) {
    onSilent(socket);
    socket.terminate();
  } else socket.ping();
  pinged.missed += 1;
}
