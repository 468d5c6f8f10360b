import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { bundledEnvironment } from '../support/bundled-dependencies.ts';
import { killAtExit } from '../support/child-processes.ts';
import { freePort } from '../support/free-port.ts';
import { findTool } from '../support/tools.ts';

const NODE = process.execPath;
/** Each test starts a server: with the bundle a start uses a third of the CPU. */
const BUNDLED = await bundledEnvironment();

const STOPPED_TERMINAL = `'${findTool('python')}' test/support/stopped-terminal.py /bin/sh -c`;

/** The servers, and a path that each of them answers. npm itself ends if it cannot write its banner: hence `--silent`. */
const SERVERS = [
  { name: 'node src/main.ts', command: `'${NODE}' src/main.ts`, path: '/healthz' },
  { name: 'npm start', command: 'npm start --silent', path: '/healthz' },
  { name: 'node src/demo.ts', command: `'${NODE}' src/demo.ts`, path: '/healthz' },
  { name: 'npm run demo', command: 'npm run demo --silent', path: '/healthz' },
  { name: 'node src/simulator/main.ts', command: `'${NODE}' src/simulator/main.ts --port $PORT`, path: '/' },
  { name: 'npm run simulator', command: 'npm run simulator --silent -- --port $PORT', path: '/' },
];

/** Redirections of a shell around a command; without one the reader of both pipes is gone. */
const FAULTS = [
  { fault: 'are a full disk', shell: (command: string) => `exec ${command} >/dev/full 2>/dev/full` },
  { fault: 'are pipes without a reader', shell: (command: string) => `exec ${command}` },
  { fault: 'are closed', shell: (command: string) => `exec ${command} >&- 2>&-` },
  { fault: 'are a stopped terminal', shell: (command: string) => `exec ${STOPPED_TERMINAL} "exec ${command} >&2"` },
];

/** Starts a shell command in a process group of its own, and reads neither of its outputs. */
function start(command: string, env: Readonly<Record<string, string>>) {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn('sh', ['-c', command], {
    detached: true,
    env: { PATH, HOME, ...BUNDLED, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  killAtExit(child);
  child.stdout.destroy();
  child.stderr.destroy();
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    exited,
    end: () => child.kill('SIGTERM'),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await exited;
    },
  };
}

describe.concurrent('where standard output and standard error', () => {
  // npm --silent writes nothing, so that a terminal stops the servers alone.
  const stops = ({ name }: { name: string }, { fault }: { fault: string }): boolean =>
    !(name.startsWith('npm') && fault.endsWith('terminal'));
  const cases = SERVERS.flatMap((server) =>
    FAULTS.filter((fault) => stops(server, fault)).map((fault) => ({ ...server, ...fault })),
  );

  it.for(cases)('$fault, $name serves and ends with 0 at SIGTERM', async (server, { expect }) => {
    const { command, path, shell } = server;
    await using simulator = await startSimulator();
    const port = await freePort();
    const env = { PORT: `${port}`, A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' };
    await using process = start(shell(command), env);
    const answers = async (): Promise<boolean> => (await fetch(`http://127.0.0.1:${port}${path}`)).status < 500;
    await expect.poll(answers, { interval: 50 }).toBe(true);
    // The line that announces the address has failed by now.
    expect(await answers()).toBe(true);
    process.end();
    expect(await process.exited).toBe(0);
  });

  it.for(FAULTS)('$fault, a wrong setting still ends the start with 2', async ({ shell }, { expect }) => {
    for (const entry of ['src/main.ts', 'src/demo.ts']) {
      await using process = start(shell(`'${NODE}' ${entry}`), { PORT: 'wrong' });
      expect(await process.exited).toBe(2);
    }
  });
});
