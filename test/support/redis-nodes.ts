import { randomUUID } from 'node:crypto';
import type { ClusterHealth } from '../../src/cluster/contract.ts';
import {
  createRedisCluster,
  type RedisCluster,
  type RedisClusterOptions,
} from '../../src/cluster/redis/redis-cluster.ts';
import type { Weather } from '../conformance/cluster-nodes.ts';
import { CallbackQueue } from './callback-queue.ts';

/**
 * For a suite without faults. A machine that keeps the Redis server from a core for half a second ends the session of a
 * node by its command time-out, and a message that is under way is lost with the session.
 */
export const PATIENT = { commandTimeoutMs: 30_000 } as const;

/** JSON, checked as little as a test needs. */
export const weatherCodec = {
  format: 1,
  encode: (state: Weather): string => JSON.stringify(state),
  decode(text: string): Weather {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value && 'sky' in value && typeof value.sky === 'string')
      return { sky: value.sky };
    throw new TypeError('no weather');
  },
};

/** A gateway's end of a cluster on Redis. A test can wait for a change of its health. */
export class RedisNode implements AsyncDisposable {
  readonly health = new CallbackQueue<ClusterHealth>();
  readonly cluster: RedisCluster<Weather>;

  constructor(options: Omit<RedisClusterOptions<Weather>, 'codec' | 'onHealth'>) {
    this.cluster = createRedisCluster({ ...options, codec: weatherCodec, onHealth: this.health.put });
  }

  /** Resolves at the `times`-th change to this health since the start. */
  async changed(health: ClusterHealth, times = 1): Promise<void> {
    let seen = 0;
    const fits = () => this.health.all.filter((one) => one === health).length >= times;
    while (!fits()) {
      seen = this.health.all.length;
      await this.health.count(seen + 1);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** Nodes of one cluster on the Redis at `url`, connected; disposed of with the deployment. */
export class RedisNodes implements AsyncDisposable {
  readonly prefix = `test-${randomUUID()}`;
  readonly #url: string;
  readonly #stack = new AsyncDisposableStack();

  constructor(url: string) {
    this.#url = url;
  }

  /** A further node, connected. */
  async connect(options: Partial<RedisClusterOptions<Weather>> = {}): Promise<RedisNode> {
    const node = this.#stack.use(new RedisNode({ url: this.#url, prefix: this.prefix, ...options }));
    await node.changed('connected');
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}
