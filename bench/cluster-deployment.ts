import { setTimeout } from 'node:timers/promises';
import { RedisServer } from '../test/support/redis-server.ts';
import { Child } from './support/child.ts';
import { Simulator } from './support/server-under-test.ts';
import { taskId } from './support/task.ts';

const INTERVAL_MS = 200;

/** Several gateways on one Redis, in front of one simulator. Its tasks change with every call. */
export class ClusterDeployment implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly gateways: readonly Child[];
  /** Holds all the subscribers. */
  readonly clients: Child;
  readonly #simulator: Simulator;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    parts: { redis: RedisServer; gateways: Child[]; clients: Child; simulator: Simulator },
    stack: AsyncDisposableStack,
  ) {
    this.redis = parts.redis;
    this.gateways = parts.gateways;
    this.clients = parts.clients;
    this.#simulator = parts.simulator;
    this.#stack = stack;
  }

  /**
   * Starts `gateways` gateways, each with as many sockets. The sockets of a gateway, with `each` subscriptions, are
   * spread over so many tasks.
   */
  static async start(
    gateways: number,
    sockets: number,
    tasks: number,
    { intervalMs = INTERVAL_MS, each = 1 } = {},
  ): Promise<ClusterDeployment> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await RedisServer.start());
    const simulator = stack.use(await Simulator.start());
    const env = {
      PORT: '0',
      A2E_API_TOKEN: 'demo-token',
      A2E_API_URL: simulator.url,
      LOG_LEVEL: 'warn',
      POLL_INTERVAL_MS: String(intervalMs),
      POLL_MAX_INTERVAL_MS: String(intervalMs),
      REDIS_URL: redis.url,
    };
    const started = Array.from({ length: gateways }, () => stack.use(Child.start('../../src/main.ts', { env })));
    const clients = stack.use(Child.start('./ws-clients.ts'));
    const urls = await Promise.all(started.map((gateway) => gateway.url()));
    for (const url of urls) await clients.call('connect', `${url}/graphql`, sockets, tasks, each);
    return new ClusterDeployment({ redis, gateways: started, clients, simulator }, stack.move());
  }

  /** How many calls for its first task upstream has got. */
  calls(): Promise<number> {
    return this.#simulator.call<number>('countFor', taskId(0));
  }

  /** How many calls upstream has got in all. */
  totalCalls(): Promise<number> {
    return this.#simulator.call<number>('totalCalls');
  }

  /** All calls that upstream gets within `ms` from now. */
  async callsDuring(ms: number): Promise<readonly { readonly id: string; readonly at: number }[]> {
    await this.#simulator.call('resetCounts');
    await setTimeout(ms);
    return this.#simulator.call('calls');
  }

  /** Resolves after that many more calls for its first task: as many intervals. */
  async intervals(count: number): Promise<void> {
    await this.#simulator.call('waitForCalls', taskId(0), (await this.calls()) + count);
  }

  /** CPU that all gateways have used so far, in ms. */
  async cpuMs(): Promise<number> {
    const used = await Promise.all(this.gateways.map((gateway) => gateway.cpuMs()));
    return used.reduce((sum, ms) => sum + ms, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
