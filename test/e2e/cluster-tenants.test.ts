import { expect, test } from 'vitest';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import { until } from '../support/redis-server.ts';

const INTERVAL = 300;
const ALICE = 'token-of-alice-9f8e7d';
const BOB = 'token-of-bob-1a2b3c';
const MALLORY = 'token-of-mallory-000';
const ENV = { POLL_INTERVAL_MS: String(INTERVAL), A2E_API_TOKEN: '', AUTH_MODE: 'passthrough', LOG_LEVEL: 'debug' };

test('a state read with one token reaches no bearer of another on any gateway, and no token reaches Redis or a log', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV, tokens: [ALICE, BOB] });
  const { simulator, redis, gateways } = fleet;
  const owned = (owner: string, progress: number) => ({ owner, timeline: [{ status: 'process', progress }] });
  simulator.addTask('report', owned(ALICE, 11));
  const alices = await fleet.watch('report', 3, ALICE);
  simulator.addTask('report', owned(BOB, 22));
  const bobs = await fleet.watch('report', 3, BOB);
  for (const { states } of alices) expect(states.all.map(({ progress }) => progress)).toEqual([11]);
  for (const { states } of bobs) expect(states.all.map(({ progress }) => progress)).toEqual([22]);
  simulator.setTask('private', { status: 'success' }, ALICE);
  const [first, second] = gateways;
  expect(await ask(first?.url, 'private', ALICE)).toEqual({ data: { videoTask: { status: 'SUCCESS' } } });
  // The gateway answers a query before Redis has the state.
  await until(async () => ((await redis.run('KEYS', '*private*:state')) as string[]).length === 1);
  expect(await ask(second?.url, 'private', BOB)).toEqual({ data: { videoTask: null } });
  expect(simulator.countFor('private', ALICE)).toBe(1);
  // The same token on another gateway: known through Redis, for no further call.
  expect(await ask(second?.url, 'private', ALICE)).toEqual({ data: { videoTask: { status: 'SUCCESS' } } });
  expect(simulator.countFor('private', ALICE)).toBe(1);
  for (const gateway of gateways) {
    const refused = await ask(gateway.url, 'private', MALLORY);
    expect(refused).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  }
  const kept = await contents(redis);
  expect(kept).toContain('private');
  for (const gateway of gateways) kept.push(...gateway.log, await (await fetch(`${gateway.url}/metrics`)).text());
  for (const token of [ALICE, BOB, MALLORY]) expect(kept.join('\n')).not.toContain(token);
});

/** Every key and value in Redis, each key split at its separators. */
async function contents(redis: GatewayFleet['redis']): Promise<string[]> {
  const texts: string[] = [];
  for (const key of (await redis.run('KEYS', '*')) as string[]) {
    const type = String(await redis.run('TYPE', key));
    const read = { zset: ['ZRANGE', key, '0', '-1'], hash: ['HGETALL', key] }[type] ?? ['GET', key];
    const value = await redis.run(...read);
    texts.push(key, ...key.split(/[:{}]/), JSON.stringify(value));
  }
  return texts;
}

async function ask(url = '', id: string, token: string): Promise<unknown> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: 'query ($id: ID!) { videoTask(id: $id) { status } }', variables: { id } }),
  });
  return response.json();
}
