import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/**
 * A network fault between a client and the target. Every fault but `black-hole` affects the bytes of the target alone.
 * A `black-hole` holds the bytes of both directions, and releases them once another fault is set, as a network would.
 */
export type Fault =
  | { readonly kind: 'none' }
  /** Every chunk comes `ms` later. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** `bytes` at a time (1 unless told), one piece every `everyMs`. */
  | { readonly kind: 'drip'; readonly everyMs: number; readonly bytes?: number }
  /** RST after `afterBytes` from the target; without it at once, open connections and new ones. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** Connections are accepted, and no byte ever arrives. */
  | { readonly kind: 'black-hole' }
  /** FIN after `afterBytes` from the target on a connection. */
  | { readonly kind: 'truncate'; readonly afterBytes: number };

interface Target {
  readonly host?: string;
  readonly port: number;
}

/** A pair of sockets, the one towards the client and the one towards the target. */
interface Link {
  readonly client: Socket;
  readonly target: Socket;
  /** Bytes from the target that have reached the client. */
  delivered: number;
  /** The client has been told that there is no more. */
  truncated: boolean;
}

/** A TCP proxy on a free port of 127.0.0.1 that can be told to misbehave, at any time. Make one with {@link faultProxy}. */
export class FaultProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #target: Target;
  readonly #links = new Set<Link>();
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #end = new AbortController();
  #fault: Fault = { kind: 'none' };
  #accepted = 0;

  constructor(target: Target) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client));
  }

  get host(): string {
    return '127.0.0.1';
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections accepted so far. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Connections open now. */
  get open(): number {
    return this.#links.size;
  }

  /** Sets the fault of all connections, the open ones included. */
  inject(fault: Fault): void {
    this.#fault = fault;
    if (isImmediateReset(fault)) for (const link of this.#links) cut(link);
    this.#changes.emit('change');
  }

  async listen(): Promise<this> {
    this.#server.listen(0, this.host);
    await once(this.#server, 'listening');
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#end.signal.aborted) return;
    this.#end.abort();
    for (const link of this.#links) cut(link);
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    if (isImmediateReset(this.#fault)) {
      client.on('error', () => {});
      client.resetAndDestroy();
      return;
    }
    const { host = '127.0.0.1', port } = this.#target;
    const target = connect({ host, port, allowHalfOpen: true, noDelay: true });
    const link: Link = { client, target, delivered: 0, truncated: false };
    this.#links.add(link);
    for (const socket of [client, target]) {
      socket.on('error', () => cut(link));
      socket.on('close', () => {
        if (client.destroyed && target.destroyed) this.#links.delete(link);
      });
    }
    const broken = (): void => cut(link);
    this.#pump(
      client,
      (chunk) => write(target, chunk),
      () => target.end(),
    ).catch(broken);
    this.#pump(
      target,
      (chunk) => this.#deliver(link, chunk),
      () => client.end(),
    ).catch(broken);
  }

  async #pump(from: Socket, forward: (chunk: Buffer) => Promise<void>, end: () => void): Promise<void> {
    for await (const chunk of from.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      await this.#passable();
      await forward(chunk);
    }
    await this.#passable();
    end();
  }

  /** Resolves when the network is no black hole. */
  async #passable(): Promise<void> {
    while (this.#fault.kind === 'black-hole') await once(this.#changes, 'change', { signal: this.#end.signal });
  }

  /** Sends the target's bytes to the client, subject to the current fault. */
  async #deliver(link: Link, chunk: Buffer): Promise<void> {
    let rest = chunk;
    while (rest.length > 0 && !link.truncated) {
      await this.#passable();
      const fault = this.#fault;
      const piece = rest.subarray(0, portion(fault, link.delivered));
      rest = rest.subarray(piece.length);
      if (fault.kind === 'latency') await this.#wait(fault.ms);
      if (fault.kind === 'drip') await this.#wait(fault.everyMs);
      if (piece.length > 0) await write(link.client, piece);
      link.delivered += piece.length;
      if (fault.kind === 'reset' && portion(fault, link.delivered) === 0) return cut(link);
      if (fault.kind === 'truncate' && portion(fault, link.delivered) === 0) {
        link.truncated = true;
        link.client.end();
      }
    }
  }

  async #wait(ms: number): Promise<void> {
    await setTimeout(ms, undefined, { signal: this.#end.signal });
  }
}

/** Starts a proxy in front of `target`. */
export function faultProxy(target: Target): Promise<FaultProxy> {
  return new FaultProxy(target).listen();
}

/** How many bytes may go in one piece now. */
function portion(fault: Fault, delivered: number): number {
  switch (fault.kind) {
    case 'drip':
      return fault.bytes ?? 1;
    case 'reset':
    case 'truncate':
      return Math.max(0, (fault.afterBytes ?? 0) - delivered);
    default:
      return Number.POSITIVE_INFINITY;
  }
}

function isImmediateReset(fault: Fault): boolean {
  return fault.kind === 'reset' && fault.afterBytes === undefined;
}

function write(socket: Socket, chunk: Buffer): Promise<void> {
  return new Promise((resolve) => socket.write(chunk, () => resolve()));
}

function cut({ client, target }: Link): void {
  client.resetAndDestroy();
  target.destroy();
}
