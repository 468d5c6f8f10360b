import { describe, type ExpectStatic, it, vi } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.ts';
import { bundledEnvironment } from '../support/bundled-dependencies.ts';
import { SCRIPTS, StartedServer, UNDER_NOHUP, WAYS, type WayOfStarting } from '../support/started-server.ts';
import { connect, tcpOf, type WsClient } from '../support/ws-client.ts';

const GRACE_MS = 4_000;
const CLIENTS = 40;
/** A task of every demo as well. */
const ID = 'demo-success';
const WATCH = `subscription { taskStatus(id: "${ID}") { status } }`;

const DRAINED = { code: 0, signal: null };
/** npm leaves SIGHUP to its default; the server ends behind it. */
const KILLED_NPM = { code: null, signal: 'SIGHUP' };

/** Each test starts a server: with the bundle a start uses a third of the CPU. */
const BUNDLED = await bundledEnvironment();

interface Stack {
  readonly stack: AsyncDisposableStack;
  readonly server: StartedServer;
}

async function startServer(way: WayOfStarting): Promise<Stack> {
  await using stack = new AsyncDisposableStack();
  const simulator: Simulator = stack.use(await startSimulator());
  simulator.setTask(ID, { status: 'init' });
  const a2e = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' };
  const env = { ...BUNDLED, ...a2e, SHUTDOWN_GRACE_MS: `${GRACE_MS}` };
  const server = stack.use(new StartedServer(way, env));
  return { server, stack: stack.move() };
}

/** Clients that watch a task. */
function watch(url: string, stack: AsyncDisposableStack): Promise<readonly WsClient[]> {
  const clients = Array.from({ length: CLIENTS }, async () => {
    const client = stack.use(await connect(url));
    client.subscribe('w', WATCH);
    await client.messages.find(({ type }) => type === 'next');
    return client;
  });
  return Promise.all(clients);
}

async function expectFarewells(expect: ExpectStatic, clients: readonly WsClient[]): Promise<void> {
  const codes = await Promise.all(clients.map(async ({ closed }) => (await closed).code));
  expect(codes.filter((code) => code !== 1001 && code !== 1012)).toEqual([]);
}

async function expectNoneLeft(expect: ExpectStatic, server: StartedServer): Promise<void> {
  await expect.poll(() => server.left, { timeout: GRACE_MS + 2_000, interval: 50 }).toEqual([]);
}

/** Resolves once the first signal has begun the drain: only then does the kernel not merge a second one with it. */
async function drains(url: string): Promise<void> {
  const status = (): Promise<number> => fetch(`${url}/readyz`).then((response) => response.status);
  await vi.waitUntil(async () => (await status()) === 503, { timeout: 20_000, interval: 5 });
}

type Send = (server: StartedServer, url: string) => unknown;

const SENT = {
  SIGTERM: (server) => server.signal('SIGTERM'),
  SIGINT: (server) => server.signal('SIGINT'),
  SIGHUP: (server) => server.signal('SIGHUP'),
  'SIGTERM, and again with other signals while it drains': async (server, url) => {
    // A client that has stopped reading holds the drain until the last signal is sent.
    await using held = await connect(url);
    tcpOf(held.socket).pause();
    server.signal('SIGTERM');
    await drains(url);
    server.signal('SIGTERM');
    // To npm these would be the end.
    server.signalServer('SIGQUIT');
    server.signalServer('SIGUSR2');
  },
  'Ctrl-C in a terminal, then SIGTERM': (server) => {
    server.signalGroup('SIGINT');
    server.signal('SIGTERM');
  },
} as const satisfies Record<string, Send>;

const cases = Object.entries(WAYS).flatMap(([way, started]) =>
  Object.entries(SENT).map(([signals, send]) => ({ way, started, signals, send })),
);

describe.concurrent('a gateway', () => {
  it.for(cases)(
    'started $way drains once and ends with 0 at $signals',
    async ({ way, started, signals, send }, { expect }) => {
      const { server, stack } = await startServer(started);
      await using _ = stack;
      const url = await server.url();
      const clients = await watch(url, stack);
      await send(server, url);
      if (way === 'under nohup' && signals === 'SIGHUP') {
        // Ignored: the clients stay, and the next signal is the first.
        await watch(url, stack);
        server.signal('SIGTERM');
      }
      await expectFarewells(expect, clients);
      expect(await server.exited).toEqual(way === 'by npm' && signals === 'SIGHUP' ? KILLED_NPM : DRAINED);
      await expectNoneLeft(expect, server);
    },
  );

  it.for(Object.entries(WAYS))(
    'started %s ends with 0 at SIGTERM while it is starting',
    async ([_way, started], { expect }) => {
      const { server, stack } = await startServer(started);
      await using _ = stack;
      await server.handlesSignals();
      server.signal('SIGTERM');
      expect(await server.exited).toEqual(DRAINED);
      await expectNoneLeft(expect, server);
    },
  );

  it.for(Object.entries(SENT))('of npm run demo drains once and ends at %s', async ([signals, send], { expect }) => {
    const { server, stack } = await startServer(SCRIPTS['npm run demo']);
    await using _ = stack;
    const url = await server.url();
    const clients = await watch(url, stack);
    await send(server, url);
    await expectFarewells(expect, clients);
    expect(await server.exited).toEqual(signals === 'SIGHUP' ? KILLED_NPM : DRAINED);
    await expectNoneLeft(expect, server);
  });
});

describe.concurrent('npm run simulator', () => {
  it.for(['SIGTERM', 'SIGHUP'] as const)('ends at %s', async (signal, { expect }) => {
    await using server = new StartedServer(SCRIPTS['npm run simulator'], BUNDLED);
    await server.url();
    server.signal(signal);
    expect(await server.exited).toEqual(signal === 'SIGHUP' ? KILLED_NPM : DRAINED);
    await expectNoneLeft(expect, server);
  });
});

describe.concurrent('under nohup', () => {
  it.for(Object.entries(UNDER_NOHUP))('%s ignores SIGHUP and ends with 0 at SIGTERM', async ([_, way], { expect }) => {
    await using server = new StartedServer(way, BUNDLED);
    const url = await server.url();
    server.signal('SIGHUP');
    for (let request = 0; request < 3; request += 1) expect((await fetch(url)).status).toBeLessThan(500);
    server.signal('SIGTERM');
    expect(await server.exited).toEqual(DRAINED);
  });
});

/** Every signal that asks a process to end. */
const SIGNALS = ['SIGQUIT', 'SIGUSR2', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const ALONE = { ...BUNDLED, A2E_API_URL: 'http://127.0.0.1:9', A2E_API_TOKEN: 'demo-token' };

// npm repeats the signals of a terminal, so one may arrive in the last moment of the process.
describe.concurrent('signals of all kinds that arrive until the end', () => {
  it.for(['src/main.ts', 'src/demo.ts', 'src/simulator/main.ts'])(
    'leave %s its exit code',
    async (file, { expect }) => {
      for (const first of SIGNALS) {
        await using server = new StartedServer({ command: [process.execPath, file] }, ALONE);
        await server.url();
        let next = SIGNALS.indexOf(first);
        const repeat = setInterval(() => {
          server.signal(SIGNALS[next % SIGNALS.length] ?? first);
          next += 1;
        }, 1);
        const exit = await server.exited.finally(() => clearInterval(repeat));
        expect(exit).toEqual(DRAINED);
      }
    },
  );
});

/** A module that sends SIGTERM to its process as soon as that has a handler, so before the other modules are loaded. */
const SIGNALS_ITSELF = `data:text/javascript,process.on('newListener', (name) => {
  if (name === 'SIGTERM') queueMicrotask(() => process.kill(process.pid, name));
});`;

describe.concurrent('a signal that arrives while the modules are loaded', () => {
  it.for(['src/main.ts', 'src/demo.ts'])('ends %s with 0 before it listens', async (file, { expect }) => {
    const way = { command: [process.execPath, '--import', SIGNALS_ITSELF, file] } as const;
    await using server = new StartedServer(way, ALONE);
    expect(await server.exited).toEqual(DRAINED);
    expect(server.output).toBe('');
  });
});
