import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A proxy in front of a Redis. Once deafened it drops the data of Redis for connections that have subscribed. */
export class DeafProxy implements AsyncDisposable {
  readonly #server;
  readonly #subscribers = new Set<Socket>();
  readonly #sockets = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const redis = connect(target, '127.0.0.1');
      for (const socket of [client, redis]) this.#sockets.add(socket.on('error', () => undefined));
      client.on('data', (sent) => {
        if (sent.toString('latin1').toUpperCase().includes('SUBSCRIBE')) this.#subscribers.add(redis);
      });
      client.pipe(redis).pipe(client);
      client.on('close', () => redis.destroy());
    });
  }

  static async start(target: number): Promise<DeafProxy> {
    const proxy = new DeafProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** From now on the connections that have subscribed receive no data. They stay open. */
  deafen(): void {
    for (const redis of this.#subscribers) {
      redis.unpipe();
      redis.pause();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
