import { createClient } from 'redis';
import { expect, test } from 'vitest';
import type { Versioned } from '../../../src/cluster/contract.ts';
import { createRedisCluster } from '../../../src/cluster/redis/redis-cluster.ts';
import { HOUR, sunny, type Weather } from '../../conformance/cluster-nodes.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { PATIENT, RedisNodes, weatherCodec } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';

/** A gateway whose states have the next format. */
function nextVersion(url: string, prefix: string) {
  const codec = {
    format: weatherCodec.format + 1,
    encode: ({ sky }: Weather) => JSON.stringify({ sky: { name: sky } }),
    decode: (text: string): Weather => ({ sky: (JSON.parse(text) as { sky: { name: string } }).sky.name }),
  };
  return createRedisCluster<Weather>({ ...PATIENT, url, prefix, codec });
}

/** The states that reach a gateway on the topic. */
async function heardBy(cluster: ReturnType<typeof nextVersion>): Promise<CallbackQueue<Versioned<Weather>>> {
  const heard = new CallbackQueue<Versioned<Weather>>();
  cluster.subscribe('topic', heard.put);
  await cluster.read('topic');
  return heard;
}

test('gateways whose states have another format poll for themselves, and share the rate, the pauses and their number', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(PATIENT), await nodes.connect(PATIENT)];
  await using next = nextVersion(server.url, nodes.prefix);
  await using other = nextVersion(server.url, nodes.prefix);
  await Promise.all([next.ready, other.ready]);
  const [heard, heardNext] = [await heardBy(b.cluster), await heardBy(other)];
  // The next version has the tick, and its states are unreadable here.
  const later = await next.claim('topic', 60_000, 1_000_000_000_000_000);
  await next.publish('topic', sunny(later ?? 0), HOUR);
  expect(await heardNext.count(1)).toEqual([sunny(later ?? 0)]);
  const version = await a.cluster.claim('topic', 60_000, 0);
  expect(version).not.toBeNull();
  expect(await b.cluster.claim('topic', 60_000, 0)).toBeNull();
  await a.cluster.publish('topic', sunny(version ?? 0), HOUR);
  expect(await heard.count(1)).toEqual([sunny(version ?? 0)]);
  expect(await b.cluster.read('topic')).toEqual(sunny(version ?? 0));
  expect(await other.read('topic')).toEqual(sunny(later ?? 0));
  expect(heardNext.all).toHaveLength(1);
  await expect.poll(() => [a.cluster.gateways, next.gateways]).toEqual([4, 4]);
  expect(await a.cluster.tryConsume('key', 1)).toBe(0);
  expect(await next.tryConsume('key', 1)).toBeGreaterThan(500);
  await next.pause('paused', 60_000);
  await expect.poll(() => b.cluster.pausedFor('paused')).toBeGreaterThan(0);
});

test('keys and messages of the next version are left alone, and sharing goes on', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(PATIENT), await nodes.connect(PATIENT)];
  const heard = await heardBy(b.cluster);
  const client = createClient({ url: server.url });
  await client.connect();
  const kept = ['v3:{topic}:state', 'v3:{topic}:tick', 'v3:{gateways}:nodes', 'v2.2:{topic}:state'];
  for (const name of kept) await client.set(`${nodes.prefix}:${name}`, 'of the next version');
  const messages = [
    ['v3:{topic}:updates', '9:next:1:{"sky":"next"}'],
    ['v2.2:{topic}:updates', '9:next:1:{"sky":"next"}'],
    // A later version may add kinds of messages to a channel that both listen to.
    ['v2:{gateways}:membership', 'gateways:{"count":9}'],
    ['v2:{gateways}:membership', 'nodes:2:details'],
    ['v2:{gateways}:membership', 'invalidate:next:id:again'],
    ['v2.1:{topic}:updates', '{"version":9,"state":{"sky":"next"}}'],
  ] as const;
  for (const [channel, message] of messages) await client.publish(`${nodes.prefix}:${channel}`, message);
  // A field that this version does not know.
  await client.publish(`${nodes.prefix}:v2.1:{topic}:updates`, '5:next:1:{"sky":"rain","wind":7}');
  const version = (await a.cluster.claim('topic', 60_000, 5)) ?? 0;
  await a.cluster.publish('topic', sunny(version), HOUR);
  expect(await heard.count(2)).toEqual([{ version: 5, state: { sky: 'rain' } }, sunny(version)]);
  for (const name of kept) expect(await client.get(`${nodes.prefix}:${name}`)).toBe('of the next version');
  expect([a, b].map(({ health }) => health.all)).toEqual([['connected'], ['connected']]);
  expect(b.cluster.gateways).toBe(2);
  client.destroy();
});
