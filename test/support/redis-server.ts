import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from 'redis';
import { killAtExit } from './child-processes.ts';
import type { FakeClock } from './fake-clock.ts';
import { freePort } from './free-port.ts';
import { findTool } from './tools.ts';

/** The settings of one server. */
export interface RedisServerOptions {
  /** Lines of its configuration besides port, directory and the lack of persistence. */
  readonly config?: readonly string[];
  /** Runs as a sentinel. */
  readonly sentinel?: boolean;
  /** Runs as a node of a Redis Cluster, on a bus port of its own. */
  readonly cluster?: boolean;
  /** Its wall clock, TTLs included; it outlives the server. */
  readonly clock?: FakeClock;
}

/**
 * jemalloc reads the clock while libfaketime is not initialised yet, and libfaketime needs memory for that. The C library
 * in front of jemalloc provides the memory: ld.so takes a function from the first library that has it.
 */
const MALLOC = 'libc.so.6';

/** A real Redis or Valkey server of a test's own, on a free port, without persistence. */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  /** Where nodes of a Redis Cluster talk to this one. */
  readonly busPort: number;
  readonly #directory: string;
  readonly #options: RedisServerOptions;
  #process: ChildProcess | null = null;

  private constructor([port, busPort]: readonly [number, number], directory: string, options: RedisServerOptions) {
    this.port = port;
    this.busPort = busPort;
    this.#directory = directory;
    this.#options = options;
  }

  /** Starts a server; resolves when it takes connections. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const ports = [await freePort(), await freePort()] as const;
    const server = new RedisServer(ports, await mkdtemp(join(tmpdir(), 'redis-')), options);
    await server.restart();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Kills the server with SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const server = this.#process;
    this.#process = null;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }

  /** Stops it with SIGSTOP: its connections stay open, and no command is answered. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Starts it again on the same port, empty. */
  async restart(): Promise<void> {
    await this.kill();
    const config = join(this.#directory, 'redis.conf');
    const { sentinel = false, cluster = false, config: more = [] } = this.#options;
    const lines = [`port ${this.port}`, 'bind 127.0.0.1', `dir ${this.#directory}`, ...more];
    if (!sentinel) lines.push('save ""', 'appendonly no', 'repl-diskless-sync-delay 0');
    if (cluster) lines.push('cluster-enabled yes', 'cluster-node-timeout 2000', `cluster-port ${this.busPort}`);
    await writeFile(config, `${lines.join('\n')}\n`);
    const args = [config, ...(sentinel ? ['--sentinel'] : [])];
    this.#process = await launch(findTool('redis'), args, this.#options.clock);
  }

  /** How far its wall clock is off the true time, in seconds. */
  async clockOffset(): Promise<number> {
    const [seconds] = (await this.run('TIME')) as [string];
    return Number(seconds) - Date.now() / 1_000;
  }

  /** Runs one command over a connection of its own. */
  async run(...args: readonly string[]): Promise<unknown> {
    const client = createClient({ url: this.url, socket: { reconnectStrategy: false } });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return await client.sendCommand(args);
    } finally {
      client.destroy();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function launch(program: string, args: readonly string[], clock?: FakeClock): Promise<ChildProcess> {
  const env = clock && { ...process.env, ...clock.env, LD_PRELOAD: `${clock.env['LD_PRELOAD']} ${MALLOC}` };
  const server = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  killAtExit(server);
  const lines: string[] = [];
  const output = createInterface({ input: server.stdout });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', () => reject(new Error(`the Redis server did not start:\n${lines.join('\n')}`)));
    output.on('line', (line) => {
      lines.push(line);
      // A sentinel announces itself differently.
      if (/Ready to accept connections|Sentinel ID is|\+monitor master/.test(line)) resolve();
    });
  });
  // Keep reading so that the server does not block on a full pipe. The output is discarded.
  output.removeAllListeners('line').on('line', () => undefined);
  return server;
}

/** Resolves once the condition holds; a rejection counts as false. For states that Redis reports by no event. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 20));
}
