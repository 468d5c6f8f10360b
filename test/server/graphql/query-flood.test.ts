import { once } from 'node:events';
import { type ClientRequest, request } from 'node:http';
import { expect, it, vi } from 'vitest';
import type { Simulator } from '../../../src/simulator/simulator.ts';
import { startPair } from '../../support/gateway.ts';
import { connect } from '../../support/ws-client.ts';

const WATCH = 'subscription($id: ID!) { taskStatus(id: $id) { stale } }';
const LOOK = 'query($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';

function unknownIds(name: string): string[] {
  return Array.from({ length: 100 }, (_, n) => `unknown-${name}-${n}`);
}

/** Asks for a hundred unknown tasks, and does not wait for the answer. */
async function askForMany(url: string, name: string, headers: Record<string, string> = {}): Promise<ClientRequest> {
  const call = request(`${url}/graphql`, {
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json', ...headers },
  });
  call.on('error', () => {});
  call.end(JSON.stringify({ query: LOOK, variables: { ids: unknownIds(name) } }));
  await once(call, 'finish');
  return call;
}

function unknownCalls(simulator: Simulator): number {
  return simulator.totalCalls() - simulator.countFor('watched');
}

/** Asks on a socket of its own. */
async function askForManyOverSocket(url: string, name: string): Promise<{ destroy(): void }> {
  const client = await connect(url);
  client.subscribe('many', LOOK, { ids: unknownIds(name) });
  return { destroy: () => client.socket.terminate() };
}

it.concurrent.each([
  ['HTTP', askForMany],
  ['SSE', (url: string, name: string) => askForMany(url, name, { accept: 'text/event-stream' })],
  ['WebSocket', askForManyOverSocket],
])(
  'a client that has gone leaves no call behind: %s',
  async (_name, askBy) => {
    await using pair = await startPair({
      UPSTREAM_MAX_RPS: '50',
      UPSTREAM_TIMEOUT_MS: '60000',
      FIRST_ANSWER_TIMEOUT_MS: '600000',
    });
    const { gateway, simulator } = pair;
    simulator.setTask('watched', { status: 'process' });
    await using watcher = await connect(gateway.url);
    watcher.subscribe('w', WATCH, { id: 'watched' });
    const more = (calls: number) => simulator.waitForCalls('watched', simulator.countFor('watched') + calls);
    await more(1);
    const names = Array.from({ length: 30 }, (_, n) => `${n}`);
    const clients = await Promise.all(names.map((name) => askBy(gateway.url, name)));
    await more(5);
    expect(unknownCalls(simulator)).toBeGreaterThan(0);
    for (const client of clients) client.destroy();
    const during = async (): Promise<number> => {
      const before = unknownCalls(simulator);
      await more(5);
      return unknownCalls(simulator) - before;
    };
    await vi.waitFor(async () => expect(await during()).toBe(0), { timeout: 20_000 });
    expect(unknownCalls(simulator)).toBeLessThan(2_000);
  },
  60_000,
);

it.concurrent('invented tokens do not hold up the calls of a good one', async () => {
  const env = {
    A2E_API_TOKEN: '',
    POLL_INTERVAL_MS: '250',
    POLL_MAX_INTERVAL_MS: '250',
    UPSTREAM_MAX_CONCURRENCY: '4',
    UPSTREAM_TIMEOUT_MS: '3000',
  };
  await using pair = await startPair(env, { tokens: '*', latencyMs: 50 });
  const { gateway, simulator } = pair;
  simulator.setTask('watched', { status: 'process' });
  await using watcher = await connect(gateway.url, { authorization: 'Bearer good' });
  watcher.subscribe('w', WATCH, { id: 'watched' });
  await simulator.waitForCalls('watched', 1);
  const tokens = Array.from({ length: 60 }, (_, n) => `invented-${n}`);
  const authorized = (token: string) => ({ authorization: `Bearer ${token}` });
  const clients = await Promise.all(tokens.map((token) => askForMany(gateway.url, token, authorized(token))));
  await simulator.waitForCalls('watched', 5, 'good');
  for (const client of clients) client.destroy();
  expect(simulator.maxConcurrency()).toBeLessThanOrEqual(4);
  expect(JSON.stringify(watcher.messages.all)).not.toContain('"stale":true');
}, 60_000);
