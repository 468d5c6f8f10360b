import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { BrowserClient } from './browser-client.ts';
import type { FakeClock } from './fake-clock.ts';
import { GatewayProcess } from './gateway-process.ts';
import { RedisServer } from './redis-server.ts';

export const TOKEN = 'demo-token';

/** The settings of one fleet. */
export interface FleetOptions {
  readonly gateways?: number;
  /** Environment of every gateway. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a Redis of its own. */
  readonly redisUrl?: string;
  /** The clock of the fleet's own Redis; default: the true one. */
  readonly redisClock?: FakeClock;
  readonly tokens?: readonly string[];
}

/** A deployment in real processes: gateways behind a load balancer, one Redis, one simulated A2E, and the users. */
export class GatewayFleet implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly redis: RedisServer;
  /** The gateways behind the load balancer. */
  readonly gateways: GatewayProcess[] = [];
  /** Every gateway that was started, the retired ones included. */
  readonly started: GatewayProcess[] = [];
  readonly clients: BrowserClient[] = [];
  readonly #env: Readonly<Record<string, string>>;
  readonly #stack: AsyncDisposableStack;
  #turn = 0;

  private constructor(
    simulator: Simulator,
    redis: RedisServer,
    env: Readonly<Record<string, string>>,
    stack: AsyncDisposableStack,
  ) {
    this.simulator = simulator;
    this.redis = redis;
    this.#env = env;
    this.#stack = stack;
  }

  static async start(options: FleetOptions = {}): Promise<GatewayFleet> {
    const { gateways = 3, env = {}, redisUrl, redisClock, tokens = [TOKEN] } = options;
    await using stack = new AsyncDisposableStack();
    const simulator = stack.use(await startSimulator({ tokens }));
    const redis = stack.use(await RedisServer.start(redisClock && { clock: redisClock }));
    const address = { A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN, REDIS_URL: redisUrl ?? redis.url };
    const fleet = new GatewayFleet(simulator, redis, { ...address, ...env }, stack.move());
    await Promise.all(Array.from({ length: gateways }, () => fleet.add()));
    return fleet;
  }

  /** Starts a further gateway and tells the load balancer of it. */
  async add(env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
    const gateway = this.#stack.use(await GatewayProcess.start({ ...this.#env, ...env }));
    this.started.push(gateway);
    this.gateways.push(gateway);
    return gateway;
  }

  /** The load balancer finds that this one takes no more traffic. */
  retire(gateway: GatewayProcess): void {
    const at = this.gateways.indexOf(gateway);
    if (at >= 0) this.gateways.splice(at, 1);
  }

  /** Where the load balancer sends the next connection. */
  readonly pick = (): string => {
    const gateway = this.gateways[this.#turn++ % this.gateways.length];
    if (!gateway) throw new Error('no gateway left');
    return gateway.url;
  };

  /** Users who watch this task, spread over the gateways; resolves when each has been shown a state. */
  async watch(id: string, users: number, token?: string): Promise<BrowserClient[]> {
    const clients = Array.from({ length: users }, () => this.#stack.use(new BrowserClient(this.pick, id, token)));
    this.clients.push(...clients);
    await Promise.all(clients.map((client) => client.states.count(1)));
    return clients;
  }

  /** The gateway that has finished the most calls to A2E since `before` was counted. */
  async poller(before: ReadonlyMap<GatewayProcess, number>): Promise<GatewayProcess> {
    const now = await this.calls();
    const made = (gateway: GatewayProcess): number => (now.get(gateway) ?? 0) - (before.get(gateway) ?? 0);
    const [most] = [...this.gateways].sort((a, b) => made(b) - made(a));
    if (!most) throw new Error('no gateway left');
    return most;
  }

  /** How many calls to A2E each gateway has finished. */
  async calls(): Promise<Map<GatewayProcess, number>> {
    return new Map(
      await Promise.all(this.gateways.map(async (gateway) => [gateway, await gateway.upstreamCalls()] as const)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
