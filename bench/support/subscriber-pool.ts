import { Child } from './child.ts';
import type { ServerUnderTest } from './server-under-test.ts';

export interface SubscriberPoolOptions {
  readonly transport: 'ws' | 'sse';
  readonly subscribers: number;
  /** The subscribers are spread evenly over this many tasks. */
  readonly tasks?: number;
}

/** The figures of one stretch of updates. */
export interface Stretch {
  /** Server CPU per delivered update, in µs. */
  readonly cpuMicros: number;
  /** From when the server knew of an update until the last subscriber had it, in ms: of each update. */
  readonly lastMs: readonly number[];
}

/** The subscribers of one server, in a process of their own. */
export class SubscriberPool implements AsyncDisposable {
  readonly #target: ServerUnderTest;
  readonly #clients: Child;
  readonly #options: Required<SubscriberPoolOptions>;
  #expected = 0;

  constructor(target: ServerUnderTest, clients: Child, options: Required<SubscriberPoolOptions>) {
    this.#target = target;
    this.#clients = clients;
    this.#options = options;
  }

  static async connect(target: ServerUnderTest, options: SubscriberPoolOptions): Promise<SubscriberPool> {
    const { transport, subscribers, tasks = 1 } = options;
    await target.publish(tasks);
    const clients = Child.start(`./${transport}-clients.ts`);
    await clients.call('connect', target.url, subscribers, tasks);
    await clients.call('arrivals', subscribers);
    return new SubscriberPool(target, clients, { transport, subscribers, tasks });
  }

  /** Lets every task change `updates` times, each time after the last change has reached every subscriber. */
  async measure(updates: number): Promise<Stretch> {
    const { server } = this.#target;
    const lastMs: number[] = [];
    const [cpuBefore, countBefore] = [await server.cpuMs(), await this.#clients.call<number>('count')];
    this.#expected = countBefore;
    for (let update = 0; update < updates; update += 1) lastMs.push(await this.#update());
    const [cpuAfter, countAfter] = [await server.cpuMs(), await this.#clients.call<number>('count')];
    return { cpuMicros: ((cpuAfter - cpuBefore) * 1000) / (countAfter - countBefore), lastMs };
  }

  async #update(): Promise<number> {
    this.#expected += this.#options.subscribers;
    const arrivals = this.#clients.call<number>('arrivals', this.#expected);
    await this.#target.publish(this.#options.tasks);
    const lastAt = await arrivals;
    return lastAt - (await this.#target.publishedAt());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clients[Symbol.asyncDispose]();
  }
}
