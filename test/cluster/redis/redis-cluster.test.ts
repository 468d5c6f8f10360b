import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeCluster } from '../../conformance/cluster.ts';
import type { ClusterUnderTest } from '../../conformance/cluster-nodes.ts';
import { PATIENT, RedisNodes } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

describeCluster('on one Redis', async (): Promise<ClusterUnderTest> => {
  const nodes = new RedisNodes(server.url);
  return {
    node: async () => (await nodes.connect(PATIENT)).cluster,
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
});

test('gateways that start together all know how many they are', async () => {
  for (let turn = 0; turn < 20; turn += 1) {
    await using nodes = new RedisNodes(server.url);
    const all = await Promise.all(Array.from({ length: 8 }, () => nodes.connect()));
    await expect.poll(() => all.map(({ cluster }) => cluster.gateways)).toEqual(all.map(() => 8));
  }
});
