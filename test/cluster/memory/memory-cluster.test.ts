import { expect, test } from 'vitest';
import { MemoryCluster } from '../../../src/cluster/memory/memory-cluster.ts';
import { MemoryHub } from '../../../src/cluster/memory/memory-hub.ts';
import { describeCluster } from '../../conformance/cluster.ts';
import type { ClusterUnderTest, Weather } from '../../conformance/cluster-nodes.ts';

describeCluster('in memory', async (): Promise<ClusterUnderTest> => {
  const hub = new MemoryHub<Weather>();
  const stack = new AsyncDisposableStack();
  return {
    node: async () => stack.use(new MemoryCluster({ hub })),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
});

test('a node on its own is granted every claim, with rising versions', async () => {
  await using cluster = new MemoryCluster<Weather>();
  expect(cluster.health).toBe('single');
  const granted = [];
  for (let claim = 0; claim < 3; claim += 1) granted.push(await cluster.claim('topic', 60_000, 0));
  expect(granted).not.toContain(null);
  expect(granted).toEqual([...new Set(granted)].sort());
});

test('nodes of one hub are connected until their peers have gone', async () => {
  const hub = new MemoryHub<Weather>();
  await using one = new MemoryCluster({ hub });
  const other = new MemoryCluster({ hub });
  expect(one.health).toBe('connected');
  await other[Symbol.asyncDispose]();
  expect(one.health).toBe('single');
});

test('only so many topics are remembered', async () => {
  await using cluster = new MemoryCluster<Weather>({ hub: new MemoryHub({ maxTopics: 2 }) });
  for (const topic of ['a', 'b', 'c']) await cluster.publish(topic, { version: 1, state: { sky: topic } }, 60_000);
  expect(await cluster.read('a')).toBeNull();
  expect(await cluster.read('c')).toEqual({ version: 1, state: { sky: 'c' } });
});
