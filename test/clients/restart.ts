import { type ExpectStatic, expect } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway, TOKEN } from '../support/gateway.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { expectLoss, type Loss } from './loss.ts';
import { Subscriber, type Watch } from './subscriber.ts';

/** A kind of gateway, and a way to end it that frees its port. */
export interface Restart<G extends AsyncDisposable> {
  readonly start: (env: Readonly<Record<string, string>>) => Promise<G>;
  readonly end: (gateway: G) => Promise<void>;
}

/** A gateway in the process of the test, which drains as on SIGTERM. */
export const DRAIN: Restart<Gateway> = {
  start: startGateway,
  end: async (gateway) => {
    await gateway.drain();
    await gateway[Symbol.asyncDispose]();
  },
};

/** `node src/main.ts` that gets SIGTERM, and exits with 0. */
export const SIGTERM: Restart<GatewayProcess> = {
  start: startProcess,
  end: async (gateway) => {
    gateway.signal('SIGTERM');
    expect(await gateway.exited).toEqual({ code: 0, signal: null });
  },
};

/** `node src/main.ts` that gets SIGKILL. */
export const SIGKILL: Restart<GatewayProcess> = { start: startProcess, end: (gateway) => gateway.kill() };

const ID = 'watched';

/**
 * Ends the gateway of a client at 10 %, and starts the next one on the same port when the task is at 70 %. `expect` is
 * that of the test, because the tests run at the same time.
 */
export async function testRestart<G extends AsyncDisposable>(
  { start, end }: Restart<G>,
  loss: Loss,
  watch: Watch,
  { expect }: { readonly expect: ExpectStatic },
): Promise<void> {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  simulator.setTask(ID, { status: 'process', process: 10 });
  const port = await freePort();
  const env = { PORT: `${port}`, A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN };
  await using gateway = await start(env);
  // While no gateway listens, the proxy resets each connection, and counts it.
  await using proxy = await faultProxy({ port });
  const subscriber = new Subscriber();
  await using _watch = await watch(`http://${proxy.host}:${proxy.port}`, ID, subscriber);
  await subscriber.states.find(({ progress }) => progress === 10);
  await end(gateway);
  const { accepted } = proxy;
  if (loss === 'resumes') await expect.poll(() => proxy.accepted).toBeGreaterThan(accepted);
  simulator.setTask(ID, { status: 'process', process: 70 });
  await using _next = await start(env);
  await expectLoss(loss, subscriber);
}

function startProcess(env: Readonly<Record<string, string>>): Promise<GatewayProcess> {
  return GatewayProcess.start({ POLL_INTERVAL_MS: '100', ...env });
}
