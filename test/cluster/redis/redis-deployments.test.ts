import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Versioned } from '../../../src/cluster/contract.ts';
import { describeCluster } from '../../conformance/cluster.ts';
import type { ClusterUnderTest, Weather } from '../../conformance/cluster-nodes.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { type RedisDeployment, startRedisCluster, startRedisSentinel } from '../../support/redis-deployments.ts';
import { PATIENT, RedisNodes } from '../../support/redis-nodes.ts';
import { StallDetector } from '../../support/stall-detector.ts';

const HOUR = 3_600_000;

function fog(version: number): Versioned<Weather> {
  return { version, state: { sky: `fog ${version}` } };
}

// The sentinels take seconds to find each other: they do so while the tests of the cluster run.
let sentinel: Promise<RedisDeployment>;
beforeAll(() => {
  sentinel = startRedisSentinel();
});
afterAll(async () => (await sentinel)[Symbol.asyncDispose]());

describe('a Redis Cluster of three', () => {
  let redis: RedisDeployment;
  beforeAll(async () => {
    redis = await startRedisCluster();
  });
  afterAll(() => redis[Symbol.asyncDispose]());

  describeCluster('on a Redis Cluster', async (): Promise<ClusterUnderTest> => {
    const nodes = new RedisNodes(redis.url);
    return {
      node: async () => (await nodes.connect(PATIENT)).cluster,
      [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
    };
  });

  test('topics spread over all masters', async () => {
    await using nodes = new RedisNodes(redis.url);
    const [a, b] = [await nodes.connect(), await nodes.connect()];
    const heard = new CallbackQueue<Versioned<Weather>>();
    const topics = Array.from({ length: 60 }, (_, at) => `spread-${at}`);
    for (const topic of topics) b.cluster.subscribe(topic, heard.put);
    for (const topic of topics) expect(await a.cluster.claim(topic, 60_000, 0)).not.toBeNull();
    for (const [at, topic] of topics.entries()) await a.cluster.publish(topic, fog(at + 1), HOUR);
    await heard.count(60);
    for (const server of redis.servers) expect(Number(await server.run('DBSIZE'))).toBeGreaterThan(10);
  });

  test('a master lost and back: away meanwhile, then claims are shared and updates received again', async () => {
    await using nodes = new RedisNodes(redis.url);
    const [a, b] = [await nodes.connect(), await nodes.connect()];
    const heard = new CallbackQueue<Versioned<Weather>>();
    const topics = Array.from({ length: 30 }, (_, at) => `lost-${at}`);
    for (const topic of topics) b.cluster.subscribe(topic, heard.put);
    await redis.servers[1]?.kill();
    await Promise.all([a.changed('away'), b.changed('away')]);
    for (const { cluster } of [a, b]) expect(await cluster.claim('lost-0', 60_000, 0)).not.toBeNull();
    await redis.servers[1]?.restart();
    await Promise.all([a.changed('connected', 2), b.changed('connected', 2)]);
    const claims = await Promise.all([a, b].map(({ cluster }) => cluster.claim('found', 60_000, 0)));
    expect(claims.filter((version) => version !== null)).toHaveLength(1);
    for (const [at, topic] of topics.entries()) await a.cluster.publish(topic, fog(at + 1), HOUR);
    await heard.count(30);
  });

  test('a master frozen: no call waits longer than the command time-out, and it mends when the master wakes', async () => {
    await using nodes = new RedisNodes(redis.url);
    const node = await nodes.connect();
    const topics = Array.from({ length: 20 }, (_, at) => `frozen-${at}`);
    redis.servers[2]?.freeze();
    using stalls = new StallDetector();
    for (let round = 0; round < 3; round += 1) {
      const begun = performance.now();
      await Promise.all(topics.map((topic) => node.cluster.claim(topic, 60_000, 0)));
      // Two time-outs, one after the other, would take a second.
      expect(stalls.elapsedSince(begun)).toBeLessThan(900);
    }
    await node.changed('away');
    redis.servers[2]?.thaw();
    await node.changed('connected', 2);
  });
});

test('Sentinel: when the master is killed the gateways move to the one that follows it', async () => {
  const redis = await sentinel;
  await using nodes = new RedisNodes(redis.url);
  const [a, b] = [await nodes.connect(), await nodes.connect()];
  const heard = new CallbackQueue<Versioned<Weather>>();
  b.cluster.subscribe('topic', heard.put);
  const before = await a.cluster.claim('topic', 60_000, 0);
  await a.cluster.publish('topic', fog(before ?? 0), HOUR);
  await heard.count(1);
  await redis.servers[0]?.kill();
  await Promise.all([a.changed('connected', 2), b.changed('connected', 2)]);
  const claims = await Promise.all([a, b].map(({ cluster }) => cluster.claim('other', 60_000, 0)));
  expect(claims.filter((version) => version !== null)).toHaveLength(1);
  await a.cluster.publish('topic', fog((before ?? 0) + 1), HOUR);
  await heard.count(2);
  expect(String(await redis.servers[1]?.run('ROLE'))).toContain('master');
});
