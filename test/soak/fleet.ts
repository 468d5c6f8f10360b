import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { RedisServer } from '../support/redis-server.ts';

/** The interval of a run, in ms. */
export const INTERVAL_MS = 1_000;
const TOKEN = 'soak-token';
const GATEWAYS = 3;
const GRACE_MS = 3_000;
const ENV = {
  A2E_API_TOKEN: TOKEN,
  POLL_INTERVAL_MS: String(INTERVAL_MS),
  UPSTREAM_TIMEOUT_MS: '2000',
  SHUTDOWN_GRACE_MS: String(GRACE_MS),
  // More than the clients of a round, and less than a flood.
  MAX_CONNECTIONS: '100',
  NODE_OPTIONS: '--inspect=127.0.0.1:0',
};
const FILL = 'filling-';
const IDS_PER_QUERY = 100;

/** One gateway process and its clock. */
export interface SoakGateway {
  readonly name: string;
  readonly process: GatewayProcess;
  readonly clock: FakeClock;
  /** `performance.now()` at its start. */
  readonly startedAt: number;
  /** Set before the run ends it. */
  isEnding: boolean;
}

/** Three gateways in processes of their own, a Redis, each with a clock of its own, and a simulated A2E. */
export class SoakFleet implements AsyncDisposable {
  readonly simulator: Simulator;
  readonly redis: RedisServer;
  readonly redisClock: FakeClock;
  /** By place; null while the gateway of that place starts. */
  readonly #places: (SoakGateway | null)[] = Array.from({ length: GATEWAYS }, () => null);
  readonly #stack: AsyncDisposableStack;
  readonly #onStart: (gateway: SoakGateway) => void;
  #filledTasks = 0;
  #turn = 0;
  #started = 0;

  private constructor(
    simulator: Simulator,
    [redis, redisClock]: readonly [RedisServer, FakeClock],
    stack: AsyncDisposableStack,
    onStart: (gateway: SoakGateway) => void,
  ) {
    this.simulator = simulator;
    this.redis = redis;
    this.redisClock = redisClock;
    this.#stack = stack;
    this.#onStart = onStart;
  }

  /** @param onStart is called with each gateway that starts */
  static async start(onStart: (gateway: SoakGateway) => void): Promise<SoakFleet> {
    await using stack = new AsyncDisposableStack();
    const finished = { timeline: 'finished' } as const;
    const autoCreate = (id: string) => id.startsWith(FILL) && finished;
    const simulator = stack.use(await startSimulator({ tokens: [TOKEN], autoCreate, latencyMs: 20 }));
    const clock = stack.use(await FakeClock.create());
    const redis = stack.use(await RedisServer.start({ clock }));
    const fleet = new SoakFleet(simulator, [redis, clock], stack.move(), onStart);
    for (let place = 0; place < GATEWAYS; place += 1) await fleet.#startAt(place);
    return fleet;
  }

  /**
   * Asks each gateway, and from now on each one that starts, for so many finished tasks: its memory of states then has its
   * full size.
   */
  async fill(tasks: number): Promise<void> {
    this.#filledTasks = tasks;
    for (const gateway of this.gateways) await this.#fill(gateway);
  }

  /** The gateways that take connections. */
  get gateways(): readonly SoakGateway[] {
    return this.#places.filter((gateway) => gateway !== null);
  }

  /** The address of the next gateway, as a load balancer picks it. */
  readonly pick = (): string => this.next().process.url;

  /** The next gateway, as a load balancer picks it. */
  next(): SoakGateway {
    const { gateways } = this;
    const gateway = gateways[this.#turn++ % gateways.length];
    if (!gateway) throw new Error('no gateway left');
    return gateway;
  }

  at(place: number): SoakGateway | null {
    return this.#places[place] ?? null;
  }

  /** A new gateway takes the place, and then the old one is asked to end; resolves to its exit code. */
  async drain(place: number): Promise<number | null> {
    const old = this.at(place);
    await this.#startAt(place);
    if (!old) return null;
    old.isEnding = true;
    old.process.signal('SIGTERM');
    const { code } = await old.process.exited;
    return code;
  }

  /** Kills the gateway of the place, and starts another one. */
  async kill(place: number): Promise<void> {
    const old = this.at(place);
    this.#places[place] = null;
    if (old) {
      old.isEnding = true;
      await old.process.kill();
    }
    await this.#startAt(place);
  }

  /**
   * Whether every gateway is ready and has Redis. A gateway that makes no call after a failure reports A2E as away for 90 s,
   * so that is no sign.
   */
  async isRecovered(): Promise<boolean> {
    if (this.gateways.length < GATEWAYS) return false;
    const reports = await Promise.all(this.gateways.map(({ process }) => process.readiness().catch(() => null)));
    return reports.every((report) => {
      const { ready, cluster } = report?.body ?? {};
      return ready === true && cluster === 'connected';
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.gateways) gateway.isEnding = true;
    await this.#stack.disposeAsync();
  }

  async #startAt(place: number): Promise<void> {
    const clock = this.#stack.use(await FakeClock.create());
    const address = { A2E_API_URL: this.simulator.url, REDIS_URL: this.redis.url };
    const process = this.#stack.use(await GatewayProcess.start({ ...ENV, ...address, ...clock.env }));
    this.#started += 1;
    const name = `gateway ${place} (process ${this.#started})`;
    const gateway = { name, process, clock, startedAt: performance.now(), isEnding: false };
    this.#onStart(gateway);
    await this.#fill(gateway);
    this.#places[place] = gateway;
  }

  async #fill({ process }: SoakGateway): Promise<void> {
    const query = 'query ($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';
    for (let from = 0; from < this.#filledTasks; from += IDS_PER_QUERY) {
      const ids = Array.from({ length: IDS_PER_QUERY }, (_, index) => `${FILL}${from + index}`);
      const body = JSON.stringify({ query, variables: { ids } });
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${process.url}/graphql`, { method: 'POST', headers, body });
      await response.text();
    }
  }
}
