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

  /** Starts `gateways` gateways, each with as many subscribers, which are spread over so many tasks. */
  static async start(gateways: number, subscribers: number, tasks: number): Promise<ClusterDeployment> {
    await using stack = new AsyncDisposableStack();
    const redis = stack.use(await RedisServer.start());
    const simulator = stack.use(await Simulator.start());
    const env = {
      PORT: '0',
      A2E_API_TOKEN: 'demo-token',
      A2E_API_URL: simulator.url,
      LOG_LEVEL: 'warn',
      POLL_INTERVAL_MS: String(INTERVAL_MS),
      POLL_MAX_INTERVAL_MS: String(INTERVAL_MS),
      REDIS_URL: redis.url,
    };
    const started = Array.from({ length: gateways }, () => stack.use(Child.start('../../src/main.ts', { env })));
    const clients = stack.use(Child.start('./ws-clients.ts'));
    for (const gateway of started) {
      await clients.call('connect', `${await gateway.url()}/graphql`, subscribers, tasks);
    }
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
