import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { killAtExit } from './child-processes.ts';
import { findTool } from './tools.ts';

const HOLDER = join(import.meta.dirname, 'unread-terminal.py');

type Holder = ChildProcessByStdio<Writable, Readable, null>;

/** A terminal that another process holds and does not read, as after Ctrl-S. Disposing of it closes it. */
export class UnreadTerminal implements AsyncDisposable {
  readonly #holder: Holder;
  readonly #closed: Promise<unknown>;
  #output = '';
  #path = '';

  private constructor() {
    // Without `site`, which most of a start takes.
    this.#holder = spawn(findTool('python'), ['-I', '-S', HOLDER], { stdio: ['pipe', 'pipe', 'inherit'] });
    killAtExit(this.#holder);
    this.#closed = once(this.#holder, 'close');
    this.#holder.stdout.on('data', (chunk) => {
      this.#output += String(chunk);
    });
  }

  static async open(): Promise<UnreadTerminal> {
    const terminal = new UnreadTerminal();
    await terminal.#until(() => terminal.#output.endsWith('\n'));
    terminal.#path = terminal.#output.trimEnd();
    terminal.#output = '';
    return terminal;
  }

  /** Such as `/dev/pts/3`. */
  get path(): string {
    return this.#path;
  }

  /** Has it read from now on. Resolves to all that it has shown, once that is so many bytes. */
  async read(bytes: number): Promise<string> {
    this.#holder.stdin.write('\n');
    await this.#until(() => this.#output.length >= bytes);
    return this.#output;
  }

  /** Resolves once it is closed: every write fails with EIO from then on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill('SIGKILL');
    await this.#closed;
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#holder.stdout, 'data');
  }
}
