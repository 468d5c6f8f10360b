import { execFile } from 'node:child_process';
import { expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { DEPLOYED, GatewayProcess } from '../support/gateway-process.ts';
import { openStream } from '../support/sse-client.ts';
import { connect, tcpOf } from '../support/ws-client.ts';

const GRACE_MS = 5_000;
const WATCH = 'subscription { taskStatus(id: "forever") { status } }';

async function startBoth() {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator());
  simulator.setTask('forever', { status: 'init' });
  const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', SHUTDOWN_GRACE_MS: `${GRACE_MS}` };
  const gateway = stack.use(await GatewayProcess.start(env, DEPLOYED));
  const owned = stack.move();
  return { gateway, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

it.concurrent.each(['SIGTERM', 'SIGINT'] as const)(
  'ends with 0 within the grace period at %s, with clients connected',
  async (signal) => {
    await using both = await startBoth();
    const { gateway } = both;
    await using client = await connect(gateway.url);
    await using stream = await openStream(gateway.url, { query: WATCH });
    await using stalled = await connect(gateway.url);
    for (const each of [client, stalled]) each.subscribe('w', WATCH);
    await Promise.all([client, stalled].map(({ messages }) => messages.find(({ type }) => type === 'next')));
    await stream.events.count(1);
    tcpOf(stalled.socket).pause();
    const startedAt = Date.now();
    gateway.signal(signal);
    expect([1001, 1012]).toContain((await client.closed).code);
    await stream.ended;
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
    expect(Date.now() - startedAt).toBeLessThan(GRACE_MS + 1_000);
  },
);

it.concurrent('logs JSON lines to standard error, without the token', async () => {
  await using both = await startBoth();
  const { gateway } = both;
  gateway.signal('SIGTERM');
  await gateway.exited;
  expect(gateway.log.length).toBeGreaterThan(0);
  for (const line of gateway.log)
    expect(JSON.parse(line)).toMatchObject({ level: expect.anything(), msg: expect.any(String) });
  expect(gateway.log.join('\n')).not.toMatch(/demo-token/);
});

it.concurrent('ends with 2 and one message that names every faulty variable', async () => {
  const env = { PATH: process.env['PATH'] ?? '', PORT: 'http', POLL_INTERVAL_MS: '1', A2E_API_TOKEN: 'se cret' };
  const { code, out, err } = await run(env);
  expect(code).toBe(2);
  expect(out).toBe('');
  expect(err).toMatch(/PORT/);
  expect(err).toMatch(/POLL_INTERVAL_MS/);
  expect(err).not.toMatch(/se cret/);
});

it.concurrent('ends with an error, not a hang, when the port is taken', async () => {
  await using both = await startBoth();
  const { port } = new URL(both.gateway.url);
  const { code, err } = await run({ PATH: process.env['PATH'] ?? '', PORT: port, A2E_API_TOKEN: 'demo-token' });
  expect(code).toBe(1);
  expect(err).toMatch(/EADDRINUSE/);
});

interface Ended {
  readonly code: unknown;
  readonly out: string;
  readonly err: string;
}

/** Runs the gateway to its end with exactly this environment. */
function run(env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['src/main.ts'], { env, timeout: 20_000 }, (error, out, err) => {
      resolve({ code: error ? error.code : 0, out, err });
    });
  });
}
