import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { peerNetwork } from '../http/client-address.ts';
import { SharedBudget } from './shared-budget.ts';

/** An address may have as many again, each of which is told 503 once it asks; one beyond is cut at once. */
const TOLD = 2;

/** Counts all TCP connections of an address, idle ones included, against `MAX_CONNECTIONS_PER_ADDRESS`. */
export class SocketLimiter {
  readonly #excess = new WeakSet<Socket>();
  readonly #admitted: SharedBudget;
  readonly #all: SharedBudget;

  /** @param maxPerAddress null: unlimited. */
  constructor(maxPerAddress: number | null) {
    const max = maxPerAddress ?? Number.POSITIVE_INFINITY;
    this.#admitted = new SharedBudget({ total: Number.POSITIVE_INFINITY, perKey: [max] });
    this.#all = new SharedBudget({ total: Number.POSITIVE_INFINITY, perKey: [TOLD * max] });
  }

  /** Counts the connections of a server from now on. */
  observe(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const address = peerNetwork(socket);
      const gone = this.#all.tryAcquire([address]);
      if (!gone) return void socket.destroy();
      const leave = this.#admitted.tryAcquire([address]);
      if (!leave) this.#excess.add(socket);
      socket.once('close', () => {
        gone();
        leave?.();
      });
    });
  }

  /** Whether this connection was one too many when it was opened. */
  isExcess(socket: Socket): boolean {
    return this.#excess.has(socket);
  }
}
