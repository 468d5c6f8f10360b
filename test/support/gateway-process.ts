import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { bundledDependencies } from './bundled-dependencies.ts';
import { capture } from './capture.ts';
import { killAtExit } from './child-processes.ts';

/** Quick polls at a fixed interval. The settings of a test override these. */
const SETTINGS = { PORT: '0', POLL_MAX_INTERVAL_MS: '', POLL_LINGER_MS: '200', SHUTDOWN_GRACE_MS: '3000' };

/** How a process has ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The command that starts a gateway as it is deployed. */
export const DEPLOYED = [process.execPath, 'src/main.ts'] as const;

/**
 * A gateway in a process of its own, with exactly the environment it is given: `node src/main.ts`, whose dependencies lie
 * in one bundle, or another command such as {@link DEPLOYED}.
 */
export class GatewayProcess implements AsyncDisposable {
  /** `http://HOST:PORT`, as its listening line says. */
  readonly url: string;
  /** Resolves when the process has ended and its log is whole. */
  readonly exited: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #log: string[];

  private constructor(child: ChildProcess, url: string, exited: Promise<Exit>, log: string[]) {
    this.#process = child;
    this.url = url;
    this.exited = exited;
    this.#log = log;
  }

  /**
   * Starts a gateway; resolves when it listens, rejects with its log when it ends instead. Another command than the usual
   * one, such as a shell, has to replace itself with the gateway.
   */
  static async start(
    env: Readonly<Record<string, string>>,
    command?: readonly [string, ...string[]],
  ): Promise<GatewayProcess> {
    const [program, ...args] = command ?? [process.execPath, ...(await bundledDependencies()), 'src/main.ts'];
    const { POLL_INTERVAL_MS = '300' } = env;
    const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
    const settings = { ...SETTINGS, PATH, NODE_COMPILE_CACHE, POLL_INTERVAL_MS, ...env };
    const child = spawn(program, args, {
      env: { ...settings, POLL_MAX_INTERVAL_MS: settings.POLL_MAX_INTERVAL_MS || POLL_INTERVAL_MS },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    killAtExit(child);
    const exited = once(child, 'close').then(([code, signal]): Exit => ({ code, signal }));
    const log: string[] = [];
    createInterface({ input: child.stderr }).on('line', (line) => {
      log.push(line);
      capture('log', line);
    });
    const url = await Promise.race([listeningUrl(child), exited.then(() => null)]);
    if (url === null) throw new Error(`the gateway did not start:\n${log.join('\n')}`);
    return new GatewayProcess(child, url, exited, log);
  }

  /** The lines it has logged so far. */
  get log(): readonly string[] {
    return this.#log;
  }

  /** The reader of its standard error stops. */
  stopReading(): void {
    this.#process.stderr?.pause();
  }

  /** The reader of its standard error goes away. */
  closeReader(): void {
    this.#process.stderr?.destroy();
  }

  /** A scrape of its metrics. */
  async metrics(): Promise<string> {
    return (await fetch(`${this.url}/metrics`)).text();
  }

  /** The value of one metric, named as in a scrape, labels included. */
  async metric(name: string): Promise<number> {
    const lines = (await this.metrics()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1));
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Seconds of CPU used so far: fields 14 and 15 of /proc/PID/stat, in ticks of 10 ms (man 5 proc_pid_stat). */
  get cpuSeconds(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** How often the main thread has slept so far: about once per turn of its event loop (man 5 proc_pid_status). */
  get sleeps(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(/^voluntary_ctxt_switches:\s*(\d+)$/m.exec(status)?.[1]);
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** `kill -9`; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.exited;
  }

  /** The number of finished calls to A2E, with any outcome. */
  async upstreamCalls(): Promise<number> {
    const counts = (await this.metrics()).matchAll(/^video_task_gateway_upstream_calls_total\{.*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  /** The response of `/readyz`. */
  async readiness(): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const response = await fetch(`${this.url}/readyz`);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

async function listeningUrl(child: ChildProcess): Promise<string | null> {
  if (!child.stdout) return null;
  const lines = createInterface({ input: child.stdout });
  const { promise, resolve } = Promise.withResolvers<string | null>();
  lines.on('line', (line) => {
    const url = /^listening on (http\S+)$/.exec(line)?.[1];
    if (url) resolve(url);
  });
  return promise;
}
