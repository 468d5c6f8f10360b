import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A process of the benchmark, spoken to over IPC. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  #lastCall = 0;

  constructor(process: ChildProcess) {
    this.#process = process;
  }

  /** Starts a script of this folder, or of the gateway, with its probe. */
  static start(file: string, { args = [], env = {} }: ChildOptions = {}): Child {
    const probe = new URL('./probe.ts', import.meta.url).href;
    const flags = ['--expose-gc', '--no-warnings', '--import', probe, new URL(file, import.meta.url).pathname, ...args];
    const { NODE_ENV: _, ...inherited } = process.env;
    return new Child(
      spawn(process.execPath, flags, {
        env: { ...inherited, NODE_ENV: 'production', ...env },
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      }),
    );
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  /** The address in the line `… listening on URL`. */
  async url(): Promise<string> {
    if (!this.#process.stdout) throw new Error('no output');
    for await (const line of createInterface({ input: this.#process.stdout })) {
      const url = /listening on (http\S+)/.exec(line)?.[1];
      if (url !== undefined) return url;
    }
    throw new Error('the server has ended before it listened');
  }

  /** Calls a function that the process has exposed (see `probe.ts`). */
  call<T = void>(name: string, ...args: readonly unknown[]): Promise<T> {
    const id = ++this.#lastCall;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const answer = (message: unknown): void => {
      const reply = message as { id: number; result: T; error?: string };
      if (reply.id !== id) return;
      this.#process.off('message', answer);
      this.#process.off('exit', ended);
      if (reply.error === undefined) resolve(reply.result);
      else reject(new Error(`${name}: ${reply.error}`));
    };
    const ended = (): void => reject(new Error(`the process has ended during ${name}`));
    this.#process.on('message', answer);
    this.#process.once('exit', ended);
    this.#process.send({ id, name, args });
    return promise;
  }

  /** CPU that all threads of the process have used so far, user and system, in ms: `/proc/PID/task/TID/schedstat`. */
  async cpuMs(): Promise<number> {
    const threads = await readdir(`/proc/${this.pid}/task`);
    const read = (thread: string): Promise<string> => readFile(`/proc/${this.pid}/task/${thread}/schedstat`, 'utf8');
    const stats = await Promise.all(threads.map(read));
    return stats.reduce((sum, stat) => sum + Number(stat.split(' ')[0]) / 1e6, 0);
  }

  /** Resident memory after full collections, in bytes. */
  rss(): Promise<number> {
    return this.call<number>('rss');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exit;
  }
}
