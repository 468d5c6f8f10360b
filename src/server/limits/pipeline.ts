/** As long as a refused client is told to wait. */
const REFUSAL_DELAY_MS = 1_000;

/**
 * Serves the requests that a client pipelines on a connection one after the other, as Go's net/http does: their responses
 * leave in this order in any case (RFC 9112, section 9.3.2), and a waiting request costs only its head.
 *
 * The gateway reads the body of a request when its turn comes. Until then node buffers 64 KiB, as long as the default of
 * `MAX_BODY_BYTES`, and leaves the rest in the socket. A longer body that waits past `Timeouts.requestMs` is therefore
 * answered 408 by node, which closes the connection with the responses that are still due on it.
 */
export class Pipeline {
  /** How many requests of each connection are not answered, and the end of the last one. */
  readonly #open = new WeakMap<object, { count: number; last: Promise<void> }>();
  readonly #delayed = new WeakSet<object>();

  /** Runs `serve` once it has ended for every earlier request of the connection. Settles as `serve` does. */
  async run(connection: object, serve: () => Promise<void>): Promise<void> {
    const line = this.#open.get(connection) ?? { count: 0, last: Promise.resolve() };
    this.#open.set(connection, line);
    const served = line.count === 0 ? serve() : line.last.then(serve);
    line.count += 1;
    line.last = served.then(noop, noop);
    try {
      await served;
    } finally {
      line.count -= 1;
      if (line.count === 0) this.#open.delete(connection);
    }
  }

  /**
   * Resolves when a refusal may be sent: after 1 s for the first one on a connection with unanswered requests, else at once.
   * Node reads no more from the connection meanwhile, so a flood slows itself down and costs the gateway no work.
   */
  async delayRefusal(connection: object): Promise<void> {
    if (!this.#open.has(connection) || this.#delayed.has(connection)) return;
    this.#delayed.add(connection);
    await new Promise((resolve) => setTimeout(resolve, REFUSAL_DELAY_MS));
    this.#delayed.delete(connection);
  }

  /** Whether a refusal of this connection is delayed: its client floods, and each further request is refused. */
  delaysRefusals(connection: object): boolean {
    return this.#delayed.has(connection);
  }
}

function noop(): void {}
