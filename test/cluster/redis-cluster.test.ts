import { afterAll, beforeAll } from 'vitest';
import { type ClusterUnderTest, describeCluster } from '../conformance/cluster.ts';
import { RedisNodes } from '../support/redis-nodes.ts';
import { RedisServer } from '../support/redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

describeCluster('on one Redis', async (): Promise<ClusterUnderTest> => {
  const nodes = new RedisNodes(server.url);
  return {
    node: async () => (await nodes.connect()).cluster,
    [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose](),
  };
});
