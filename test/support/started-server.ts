import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { vi } from 'vitest';
import type { Exit } from './gateway-process.ts';

/** A way of starting a server, and the processes that a signal meant for it reaches. */
export interface WayOfStarting {
  readonly command: readonly [string, ...string[]];
  /** The process that is signalled is not the started one, but its only child. */
  readonly signalsChild?: boolean;
}

const NODE = process.execPath;

/** `node src/main.ts` as people, shells, npm and containers start it. */
export const WAYS = {
  directly: { command: [NODE, 'src/main.ts'] },
  'by a shell': { command: ['sh', '-c', 'exec "$0" src/main.ts', NODE] },
  'by npm': { command: ['npm', 'start'] },
  'as PID 1': { command: [...pidNamespace(), NODE, 'src/main.ts'], signalsChild: true },
  'under nohup': underNohup('src/main.ts'),
} as const satisfies Record<string, WayOfStarting>;

/** The other servers that an npm script starts. */
export const SCRIPTS = {
  'npm run demo': { command: ['npm', 'run', 'demo'] },
  'npm run simulator': { command: ['npm', 'run', 'simulator'] },
} as const satisfies Record<string, WayOfStarting>;

/** The same servers under `nohup`. */
export const UNDER_NOHUP = {
  'the demo': underNohup('src/demo.ts'),
  'the simulator': underNohup('src/simulator/main.ts'),
} as const satisfies Record<string, WayOfStarting>;

/** A server started with `nohup` in bash. */
function underNohup(file: string): WayOfStarting {
  return { command: ['bash', '-c', 'nohup "$0" "$1"; exit $?', NODE, file], signalsChild: true };
}

/** Runs a command as the first process of a PID namespace; an ordinary user needs a user namespace for it. */
function pidNamespace(): readonly [string, ...string[]] {
  const plain = ['unshare', '--pid', '--fork', '--kill-child'] as const;
  const [program, ...args] = plain;
  const allowed = spawnSync(program, [...args, 'true']).status === 0;
  return allowed ? plain : ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
}

/** Whether a process has a handler for a signal (man 5 proc_pid_status). */
function handles(pid: string, signal: NodeJS.Signals): boolean {
  const caught = /^SigCgt:\s*(\w+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return ((BigInt(`0x${caught}`) >> BigInt(constants.signals[signal] - 1)) & 1n) !== 0n;
}

/** A server that was started in some way, in a process group of its own; disposing of it kills the whole group. */
export class StartedServer implements AsyncDisposable {
  /** How the command that was started has ended. */
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #mark = randomUUID();
  readonly #signalsChild: boolean;
  #output = '';

  constructor({ command, signalsChild = false }: WayOfStarting, env: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '' } = process.env;
    const [program, ...args] = command;
    this.#signalsChild = signalsChild;
    this.#child = spawn(program, args, {
      detached: true,
      env: { PATH, HOME, PORT: '0', ...env, STARTED_SERVER: this.#mark },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.exited = once(this.#child, 'exit').then(([code, signal]): Exit => ({ code, signal }));
    this.#child.stdout?.on('data', (chunk) => {
      this.#output += String(chunk);
    });
  }

  /** Its standard output so far. */
  get output(): string {
    return this.#output;
  }

  /** Its address, once it has told. */
  async url(): Promise<string> {
    if (!this.#child.stdout) throw new Error('the server has no standard output');
    const lines = createInterface({ input: this.#child.stdout });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    lines.on('line', (line) => {
      const url = /listening on (http\S+)$/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    lines.on('close', () => reject(new Error(`the server did not start:\n${this.#output}`)));
    return promise;
  }

  /** Sends a signal to the one process that a person or a supervisor would send it to. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.#target, signal);
  }

  /** Sends a signal to the whole process group, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void {
    process.kill(-this.#pid, signal);
  }

  /** Sends a signal to the server itself, behind npm as well: to each process with a handler for it. */
  signalServer(signal: NodeJS.Signals): void {
    for (const pid of this.left.filter((left) => handles(left, signal))) process.kill(Number(pid), signal);
  }

  /** Resolves once the server has handlers for signals: Node has none of its own for SIGHUP. */
  async handlesSignals(): Promise<void> {
    await vi.waitFor(
      () => {
        if (!this.left.some((pid) => handles(pid, 'SIGHUP'))) throw new Error('no handler for SIGHUP yet');
      },
      { timeout: 20_000, interval: 2 },
    );
  }

  /** The processes that were started and still run. */
  get left(): readonly string[] {
    const marked = (pid: string): boolean => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(this.#mark);
      } catch {
        return false;
      }
    };
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && marked(name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.signalGroup('SIGKILL');
    } catch {
      // All of them have ended.
    }
    await this.exited;
  }

  get #pid(): number {
    if (this.#child.pid === undefined) throw new Error('the server was not started');
    return this.#child.pid;
  }

  get #target(): number {
    if (!this.#signalsChild) return this.#pid;
    const [child] = readFileSync(`/proc/${this.#pid}/task/${this.#pid}/children`, 'utf8').trim().split(' ');
    if (!child) throw new Error('the server has no process yet');
    return Number(child);
  }
}
