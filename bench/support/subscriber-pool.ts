import { Child } from './child.ts';
import type { Contestant } from './server-under-test.ts';

export interface AudienceOptions {
  readonly transport: 'ws' | 'sse';
  readonly subscribers: number;
  /** The subscribers are spread evenly over this many tasks. */
  readonly tasks?: number;
}

/** What one stretch of updates took. */
export interface Stretch {
  /** Server CPU per delivered update, in µs. */
  readonly cpuMicros: number;
  /** From when the server knew of an update until the last subscriber had it, in ms: of each update. */
  readonly lastMs: readonly number[];
}

/** A contestant with its subscribers, in a process of their own. */
export class Audience implements AsyncDisposable {
  readonly #contestant: Contestant;
  readonly #clients: Child;
  readonly #options: Required<AudienceOptions>;
  #expected = 0;

  constructor(contestant: Contestant, clients: Child, options: Required<AudienceOptions>) {
    this.#contestant = contestant;
    this.#clients = clients;
    this.#options = options;
  }

  static async gather(contestant: Contestant, options: AudienceOptions): Promise<Audience> {
    const { transport, subscribers, tasks = 1 } = options;
    await contestant.publish(tasks);
    const clients = Child.start(`./${transport}-clients.ts`);
    await clients.call('connect', contestant.url, subscribers, tasks);
    await clients.call('arrivals', subscribers);
    return new Audience(contestant, clients, { transport, subscribers, tasks });
  }

  /** Lets every task change `updates` times, each time after the last change has reached everybody. */
  async measure(updates: number): Promise<Stretch> {
    const { server } = this.#contestant;
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
    await this.#contestant.publish(this.#options.tasks);
    const lastAt = await arrivals;
    return lastAt - (await this.#contestant.publishedAt());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#clients[Symbol.asyncDispose]();
  }
}
