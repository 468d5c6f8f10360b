import { setTimeout } from 'node:timers/promises';
import { Child } from './child.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const CONNECTIONS = 32;

/** Dashboards that poll one server, in a process of their own. */
export class Poller implements AsyncDisposable {
  readonly #server: ServerUnderTest;
  readonly #clients = Child.start('./query-clients.ts');

  constructor(server: ServerUnderTest) {
    this.#server = server;
  }

  /** Queries answered per second of server CPU, while as many come as it can answer. */
  async measure(ms: number): Promise<number> {
    const { server, url } = this.#server;
    await this.#clients.call('start', url, CONNECTIONS);
    const [cpuBefore, before] = [await server.cpuMs(), await this.#clients.call<number>('count')];
    await setTimeout(ms);
    const [cpuAfter, after] = [await server.cpuMs(), await this.#clients.call<number>('count')];
    await this.#clients.call('stop');
    return ((after - before) * 1000) / (cpuAfter - cpuBefore);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#clients[Symbol.asyncDispose]();
  }
}
