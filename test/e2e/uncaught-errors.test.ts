import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { connect } from '../support/ws-client.ts';

/** Node options that raise an uncaught error at SIGUSR1, so that the program needs no test hook. */
function preload(mistake: string): string {
  const script = `process.once('SIGUSR1', () => { ${mistake} });`;
  return `--import data:text/javascript,${encodeURIComponent(script)}`;
}

async function startBoth(env: Record<string, string> = {}) {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator());
  const own = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token' };
  const gateway = stack.use(await GatewayProcess.start({ ...own, ...env }));
  const owned = stack.move();
  return { gateway, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

test.concurrent.each([
  ['an exception', 'throw new Error("boom")'],
  ['a rejection', 'void Promise.reject(new Error("boom"))'],
])('%s that is not caught is logged, drains and exits with 1', async (_name, mistake) => {
  await using both = await startBoth({ NODE_OPTIONS: preload(mistake) });
  await using client = await connect(both.gateway.url);
  both.gateway.signal('SIGUSR1');
  expect((await client.closed).code).toBe(1012);
  expect(await both.gateway.exited).toEqual({ code: 1, signal: null });
  expect(both.gateway.log.join('\n')).toContain('"message":"boom"');
  expect(both.gateway.log.find((line) => line.includes('boom'))).toContain('"level":60');
});

test.concurrent('with no grace at all the process ends at once, with 0', async () => {
  await using both = await startBoth({ SHUTDOWN_GRACE_MS: '0' });
  await using client = await connect(both.gateway.url);
  both.gateway.signal('SIGTERM');
  expect((await both.gateway.exited).code).toBe(0);
  expect((await client.closed).code).toBeGreaterThan(0);
});

test.concurrent('a gateway that is open to the network logs a warning', async () => {
  await using open = await startBoth({ HOST: '0.0.0.0' });
  await using jwt = await startBoth({ HOST: '0.0.0.0', AUTH_MODE: 'jwt', AUTH_JWT_SECRET: 'short' });
  for (const { gateway } of [open, jwt]) {
    gateway.signal('SIGTERM');
    await gateway.exited;
  }
  expect(open.gateway.log.join('\n')).toMatch(/EVERY CLIENT THAT REACHES 0\.0\.0\.0/);
  expect(jwt.gateway.log.join('\n')).toMatch(/AUTH_JWT_SECRET is shorter/);
  expect(jwt.gateway.log.join('\n')).not.toMatch(/EVERY CLIENT/);
});
