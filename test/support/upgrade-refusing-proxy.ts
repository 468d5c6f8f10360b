import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An HTTP/1.1 reverse proxy that passes requests and streams but no upgrade, as nginx does by default. */
export class UpgradeRefusingProxy implements AsyncDisposable {
  readonly #server: Server;
  #refused = 0;
  #streams = 0;

  private constructor(target: string) {
    this.#server = createServer((incoming, response) => {
      const { method, url = '/' } = incoming;
      const outgoing = request(new URL(url, target), { method, headers: { ...incoming.headers } }, (answer) => {
        if (answer.headers['content-type']?.startsWith('text/event-stream')) this.#streams += 1;
        response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
        answer.pipe(response);
      });
      outgoing.on('error', () => response.destroy());
      response.on('close', () => outgoing.destroy());
      incoming.pipe(outgoing);
    });
    this.#server.on('upgrade', (_request, socket) => {
      this.#refused += 1;
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    });
  }

  /** Starts one on a free port, in front of the origin `target`. */
  static async start(target: string): Promise<UpgradeRefusingProxy> {
    const proxy = new UpgradeRefusingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Upgrades refused so far. */
  get refused(): number {
    return this.#refused;
  }

  /** Event streams passed so far. */
  get streams(): number {
    return this.#streams;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
