import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A gateway in a process of its own, with the gateway alone on the heap. */
export interface ProbedGateway extends AsyncDisposable {
  /** `http://HOST:PORT` */
  readonly url: string;
  /** The size of its heap after a collection, in bytes. */
  heap(): Promise<number>;
}

/** Starts a gateway with quick polls and the settings in `env`. */
export async function startProbed(env: Readonly<Record<string, string>>): Promise<ProbedGateway> {
  const probe = join(import.meta.dirname, 'heap-probe.ts');
  const settings = { PATH: process.env['PATH'], PORT: '0', POLL_INTERVAL_MS: '200', POLL_MAX_INTERVAL_MS: '200' };
  const child: ChildProcess = spawn(process.execPath, ['--expose-gc', '--import', probe, 'src/main.ts'], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...settings, POLL_LINGER_MS: '100', LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  if (!child.stdout) throw new Error('no output');
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    url: line.slice(line.indexOf('http')),
    async heap(): Promise<number> {
      child.send('heap');
      const [bytes] = (await once(child, 'message')) as [number];
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
