import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { Child, type ChildOptions } from './child.ts';
import { taskId } from './task.ts';

/** A server under load: how to make it send one update of each of its first tasks. */
export interface ServerUnderTest extends AsyncDisposable {
  readonly server: Child;
  readonly url: string;
  /** Changes the first `tasks` tasks once. */
  publish(tasks: number): Promise<void>;
  /** When the last update was known to the server, in ms since the epoch. */
  publishedAt(): Promise<number>;
}

/**
 * The gateway sees a change at its next poll. Floors and peers change after the same time on average, so that caches
 * are equally warm.
 */
const MEAN_WAIT_MS = 50;

/** A server that makes its updates up: a floor or a peer. */
export async function startMadeUp(name: string): Promise<ServerUnderTest> {
  const server = Child.start(`../servers/${name}.ts`);
  const url = await server.url();
  let progress = 0;
  let at = 0;
  return {
    server,
    url,
    async publish(tasks) {
      progress = (progress + 1) % 100;
      await setTimeout(MEAN_WAIT_MS);
      at = await server.call<number>('publish', tasks, progress);
    },
    publishedAt: async () => at,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const GATEWAY: ChildOptions['env'] = {
  PORT: '0',
  A2E_API_TOKEN: 'demo-token',
  AUTH_MODE: 'open',
  LOG_LEVEL: 'warn',
  POLL_INTERVAL_MS: '100',
  POLL_MAX_INTERVAL_MS: '100',
};

export interface GatewayOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Every poll finds its task changed, instead of changing when it is told to. */
  readonly churn?: boolean;
}

/** The gateway as it is delivered, in front of the simulator. */
export async function startGateway({ env = {}, churn = false }: GatewayOptions = {}): Promise<GatewayUnderTest> {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await Simulator.start());
  const server = stack.use(
    Child.start('../../src/main.ts', { env: { ...GATEWAY, A2E_API_URL: simulator.url, ...env } }),
  );
  const url = `${await server.url()}/graphql`;
  let progress = 0;
  const owned = stack.move();
  return {
    server,
    simulator,
    url,
    async publish(tasks) {
      if (churn) return;
      progress = (progress + 1) % 100;
      for (let index = 0; index < tasks; index += 1) await simulator.set(taskId(index), progress);
    },
    publishedAt: async () => (await simulator.call<number[]>('callsFor', taskId(0))).at(-1) ?? 0,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** The gateway with traces, and a collector that reads and drops them. */
export async function startTracedGateway(): Promise<ServerUnderTest> {
  await using stack = new AsyncDisposableStack();
  const collector = createServer((request, response) => {
    request.resume().once('end', () => response.writeHead(200).end());
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  stack.defer(() => {
    collector.close();
    collector.closeAllConnections();
  });
  const { port } = collector.address() as AddressInfo;
  // Exports come each second instead of every 5 s, so that each stretch has its share of them.
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_BSP_SCHEDULE_DELAY: '1000' };
  const gateway = stack.use(await startGateway({ env }));
  const owned = stack.move();
  return { ...gateway, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

export interface GatewayUnderTest extends ServerUnderTest {
  readonly simulator: Simulator;
}

/** The simulated A2E in a process of its own. */
export class Simulator implements AsyncDisposable {
  readonly #process: Child;
  readonly url: string;

  constructor(process: Child, url: string) {
    this.#process = process;
    this.url = url;
  }

  static async start(): Promise<Simulator> {
    const process = Child.start('../../src/simulator/main.ts', { args: ['--auto-create', 'bench-'] });
    return new Simulator(process, await process.url());
  }

  /** Calls a method of the simulator's control. */
  async call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const response = await fetch(`${this.url}/_sim/${method}`, { method: 'POST', body: JSON.stringify(args) });
    if (!response.ok) throw new Error(`${method}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  /** Stops a task at this progress. */
  async set(id: string, progress: number): Promise<void> {
    await this.call('setTask', id, { status: 'process', process: progress });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#process[Symbol.asyncDispose]();
  }
}
