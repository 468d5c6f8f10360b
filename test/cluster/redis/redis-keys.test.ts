import { expect, test } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { startGateway, TOKEN } from '../../support/gateway.ts';
import { post } from '../../support/http-client.ts';
import { RedisNodes } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';

const HOUR_MS = 3_600_000;

test('the tick of an id without a state leaves Redis after four intervals, with a state after an hour', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const { cluster } = await nodes.connect();
  const ttl = async (topic: string) => Number(await server.run('PTTL', `${nodes.prefix}:v2.1:{${topic}}:tick`));
  for (let n = 0; n < 100; n += 1) await cluster.claim(`unknown-${n}`, 3_000, 0);
  for (let n = 0; n < 100; n += 1) {
    const left = await ttl(`unknown-${n}`);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(12_000);
  }
  const version = await cluster.claim('known', 100, 0);
  await cluster.publish('known', { version: version ?? 0, state: { sky: 'rain' } }, HOUR_MS);
  await expect.poll(() => cluster.claim('known', 100, version ?? 0)).not.toBeNull();
  expect(await ttl('known')).toBeGreaterThan(HOUR_MS - 60_000);
});

test('staging and production with one Redis and one token share no state', async () => {
  await using server = await RedisServer.start();
  const look = '{ videoTask(id: "task") { message } }';
  await using stack = new AsyncDisposableStack();
  for (const name of ['staging', 'production']) {
    const simulator = stack.use(await startSimulator({ tokens: [TOKEN] }));
    simulator.setTask('task', { status: 'process', msg: name });
    const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN, REDIS_URL: server.url, POLL_INTERVAL_MS: '60000' };
    const gateway = stack.use(await startGateway({ ...env, POLL_MAX_INTERVAL_MS: '60000' }));
    expect((await post(gateway.url, look)).json()).toEqual({ data: { videoTask: { message: name } } });
    expect(simulator.countFor('task')).toBe(1);
  }
  const states = (await server.run('KEYS', '*:state')) as string[];
  expect(new Set(states.map((key) => key.split(':').slice(0, 2).join(':'))).size).toBe(2);
});
