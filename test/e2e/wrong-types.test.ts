import { expect, test, vi } from 'vitest';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import { view } from '../support/viewer.ts';

const TASKS = ['first', 'second'];
const CONNECTED = 'video_task_gateway_redis_connected';
const ENV = { POLL_INTERVAL_MS: '200', UPSTREAM_MAX_RPS: '50' };

/** One command for each type that a key can have in Redis: https://redis.io/docs/latest/commands/type/ */
const WRITES: Readonly<Record<string, readonly string[]>> = {
  string: ['SET', 'wrong'],
  list: ['RPUSH', 'wrong'],
  set: ['SADD', 'wrong'],
  zset: ['ZADD', '1', 'wrong'],
  hash: ['HSET', 'wrong', 'wrong'],
  stream: ['XADD', '*', 'wrong', 'wrong'],
};

/** In one step, because a gateway may write the key between two. */
const REPLACE = "redis.call('DEL', KEYS[1]) return redis.call(ARGV[1], KEYS[1], unpack(ARGV, 2))";

async function spoil({ redis }: GatewayFleet, key: string, type: string): Promise<void> {
  await redis.run('EVAL', REPLACE, '1', key, ...(WRITES[type] ?? []));
}

/** Every key of the gateways, with its type. */
async function keysOf({ redis }: GatewayFleet): Promise<ReadonlyMap<string, string>> {
  const [, keys] = (await redis.run('SCAN', '0', 'COUNT', '10000')) as [string, string[]];
  const types = keys.map(async (key) => [key, String(await redis.run('TYPE', key))] as const);
  return new Map(await Promise.all(types));
}

const kindOf = (key: string): string => key.slice(key.lastIndexOf(':') + 1);

test('every key of the gateways with every wrong type: the link to Redis stays, and all tasks go on', async () => {
  await using fleet = await GatewayFleet.start({ gateways: 2, env: ENV });
  await using stack = new AsyncDisposableStack();
  const { simulator, gateways } = fleet;
  for (const id of TASKS) simulator.addTask(id, { timeline: 'churn' });
  const viewers = await Promise.all(
    gateways.flatMap(({ url }) => TASKS.map(async (id) => stack.use(await view(url, 'SSE', id)))),
  );
  await Promise.all(viewers.map(({ states }) => states.count(2)));
  const goOn = () => Promise.all(viewers.map(({ states }) => states.count(states.all.length + 3)));
  const keys = await keysOf(fleet);
  const kinds = new Map([...keys].map(([key, type]) => [kindOf(key), type]));
  // A kind that is missing here is a new one, which needs its own answer to a wrong type.
  expect(Object.fromEntries(kinds)).toEqual({ nodes: 'zset', rate: 'string', state: 'string', tick: 'string' });
  for (const wrong of Object.keys(WRITES)) {
    for (const [key, type] of keys) if (type !== wrong) await spoil(fleet, key, wrong);
    await goOn();
    expect(await Promise.all(gateways.map((gateway) => gateway.metric(CONNECTED)))).toEqual([1, 1]);
  }
  // A pause is stored as well, for a second.
  simulator.fault({ kind: 'status', status: 429, retryAfter: 1, times: 'always' });
  const pauses = await vi.waitUntil(
    async () => [...(await keysOf(fleet)).keys()].find((key) => kindOf(key) === 'pauses'),
    {
      timeout: 20_000,
    },
  );
  simulator.clearFaults();
  await spoil(fleet, pauses, 'list');
  await goOn();
  // A gateway that starts now reads the pauses and registers among the nodes.
  const late = await fleet.add();
  await expect.poll(() => late.metric(CONNECTED)).toBe(1);
  const warnings = gateways.flatMap(({ log }) => log).filter((line) => line.includes('redis is away'));
  expect(warnings).toEqual([]);
  expect(viewers.flatMap(({ errors }) => errors.all)).toEqual([]);
}, 60_000);
