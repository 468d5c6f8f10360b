import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { peerNetwork } from '../http/client-address.ts';
import { createRefusals, type Refusals } from './refusals.ts';
import { SharedBudget } from './shared-budget.ts';

/** Connections of an address up to its maximum are served, up to this many times as many get 503, the rest are cut. */
const CUT_FACTOR = 2;

/** Counts all TCP connections of an address, idle ones included, against `MAX_CONNECTIONS_PER_ADDRESS`. */
export class SocketLimiter {
  readonly #excess = new WeakSet<Socket>();
  readonly #admitted: SharedBudget;
  readonly #all: SharedBudget;
  readonly #refusals: Refusals;

  /** @param maxPerAddress null: unlimited. */
  constructor(maxPerAddress: number | null, refusals: Refusals = createRefusals()) {
    this.#refusals = refusals;
    const max = maxPerAddress ?? Number.POSITIVE_INFINITY;
    this.#admitted = new SharedBudget({ total: Number.POSITIVE_INFINITY, perKey: [max] });
    this.#all = new SharedBudget({ total: Number.POSITIVE_INFINITY, perKey: [CUT_FACTOR * max] });
  }

  /** Counts the connections of a server from now on. */
  observe(server: Server): void {
    server.on('connection', (socket: Socket) => {
      const address = peerNetwork(socket);
      const releaseAny = this.#all.tryAcquire([address]);
      const releaseAdmitted = releaseAny && this.#admitted.tryAcquire([address]);
      if (!releaseAdmitted) this.#refusals.add('connections_per_address');
      if (!releaseAny) return void socket.destroy();
      if (!releaseAdmitted) this.#excess.add(socket);
      socket.once('close', () => {
        releaseAny();
        releaseAdmitted?.();
      });
    });
  }

  /** Whether this connection was one too many when it was opened. */
  isExcess(socket: Socket): boolean {
    return this.#excess.has(socket);
  }
}
