import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The open connections of a server, and which of them steer the simulator. */
export class Connections {
  readonly #open = new Set<Socket>();
  readonly #steering = new WeakSet<Socket>();

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Spares this connection when the others are cut. */
  spare(socket: Socket): void {
    this.#steering.add(socket);
  }

  /** Cuts every connection that does not steer the simulator. */
  cut(): void {
    for (const socket of this.#open) if (!this.#steering.has(socket)) socket.destroy();
  }

  /** Cuts every connection. */
  cutAll(): void {
    for (const socket of this.#open) socket.destroy();
  }
}
