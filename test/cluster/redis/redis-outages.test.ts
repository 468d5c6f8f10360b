import { randomUUID } from 'node:crypto';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { expect, test, vi } from 'vitest';
import type { Versioned } from '../../../src/cluster/contract.ts';
import { RedisSession } from '../../../src/cluster/redis/redis-session.ts';
import { HOUR, sunny, type Weather } from '../../conformance/cluster-nodes.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { RedisNode, RedisNodes } from '../../support/redis-nodes.ts';
import { RedisServer, until } from '../../support/redis-server.ts';
import { reference, StallDetector } from '../../support/stall-detector.ts';

async function timed<T>(call: () => Promise<T>): Promise<{ ms: number; value: T }> {
  const begun = performance.now();
  const value = await call();
  return { ms: performance.now() - begun, value };
}

test('Redis killed: every claim is granted at once, and shared again, with higher versions, when it is back empty', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(), await nodes.connect()];
  const before = await a.cluster.claim('topic', 60_000, 0);
  expect(await b.cluster.claim('topic', 60_000, 0)).toBeNull();
  await server.kill();
  await Promise.all([a.changed('away'), b.changed('away')]);
  const beside = reference(200);
  const alone = await timed(() => Promise.all([a, b].map(({ cluster }) => cluster.claim('topic', 60_000, 0))));
  expect(alone.ms).toBeLessThan(await beside);
  expect(alone.value).not.toContain(null);
  expect(alone.value[0]).toBeGreaterThan(before ?? Number.NaN);
  expect(await a.cluster.read('topic')).toBeNull();
  await a.cluster.publish('topic', sunny(1), HOUR);
  await server.restart();
  await Promise.all([a.changed('connected', 2), b.changed('connected', 2)]);
  const known = Math.max(...alone.value.map(Number));
  const shared = await Promise.all([a, b].map(({ cluster }) => cluster.claim('topic', 60_000, known)));
  const granted = shared.filter((version) => version !== null);
  expect(granted).toHaveLength(1);
  expect(granted[0]).toBeGreaterThan(known);
});

test('Redis frozen: no call waits longer than the command time-out, and then none waits at all', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const three = [await nodes.connect(), await nodes.connect(), await nodes.connect()];
  const loop = monitorEventLoopDelay({ resolution: 10 });
  server.freeze();
  loop.enable();
  using stalls = new StallDetector();
  const frozenAt = performance.now();
  await Promise.all(three.map(({ cluster }) => cluster.claim('topic', 60_000, 0)));
  expect(stalls.elapsedSince(frozenAt)).toBeLessThan(900);
  const attempts = vi.spyOn(RedisSession, 'open');
  const later: number[] = [];
  const look = async (): Promise<number> => {
    for (const { cluster } of three) {
      later.push((await timed(() => cluster.claim('topic', 60_000, 0))).ms);
      later.push((await timed(() => cluster.read('topic'))).ms);
      later.push((await timed(() => cluster.publish('topic', sunny(1), HOUR))).ms);
      later.push((await timed(() => cluster.tryConsume('key', 1_000_000))).ms);
    }
    return attempts.mock.calls.length;
  };
  // Each gateway tries to connect twice meanwhile, for a second each.
  await expect.poll(look, { interval: 50 }).toBeGreaterThan(2 * three.length);
  attempts.mockRestore();
  loop.disable();
  // Had they waited for Redis, all would have waited for a time-out; the machine itself may pause now and then.
  expect(later.toSorted((a, b) => a - b)[Math.floor(0.9 * later.length)]).toBeLessThan(50);
  expect(loop.percentile(90) / 1e6).toBeLessThan(100);
  expect(three.map(({ cluster }) => cluster.health)).toEqual(['away', 'away', 'away']);
  const thawed = performance.now();
  server.thaw();
  await Promise.all(three.map((node) => node.changed('connected', 2)));
  expect(stalls.elapsedSince(thawed)).toBeLessThan(2000);
  const shared = await Promise.all(three.map(({ cluster }) => cluster.claim('fresh', 60_000, 0)));
  expect(shared.filter((version) => version !== null)).toHaveLength(1);
});

test('Redis down at the start: ready soon, on its own, and joins when Redis comes', async () => {
  await using server = await RedisServer.start();
  await server.kill();
  await using node = new RedisNode({ url: server.url });
  const heard = new CallbackQueue<Versioned<Weather>>();
  node.cluster.subscribe('topic', heard.put);
  expect((await timed(() => node.cluster.ready)).ms).toBeLessThan(2000);
  expect(node.cluster.health).toBe('away');
  expect(await node.cluster.claim('topic', 60_000, 0)).not.toBeNull();
  await server.restart();
  await node.changed('connected');
  await using other = new RedisNode({ url: server.url });
  await other.changed('connected');
  await other.cluster.publish('topic', sunny(1), HOUR);
  expect(await heard.count(1)).toEqual([sunny(1)]);
});

test('ten thousand topics are followed again after a restart', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(), await nodes.connect()];
  const topics = Array.from({ length: 10_000 }, () => randomUUID());
  const heard = new CallbackQueue<Versioned<Weather>>();
  for (const topic of topics) b.cluster.subscribe(topic, heard.put);
  await b.cluster.read(topics.at(-1) ?? '');
  await server.kill();
  await b.changed('away');
  await server.restart();
  await Promise.all([a.changed('connected', 2), b.changed('connected', 2)]);
  await a.cluster.publish(topics[0] ?? '', sunny(1), HOUR);
  await a.cluster.publish(topics.at(-1) ?? '', sunny(1), HOUR);
  await heard.count(2);
});

test('away, each gateway takes its share of the rate, by the number last seen', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(), await nodes.connect(), await nodes.connect()];
  await until(async () => a.cluster.gateways === 3);
  const gone = await nodes.connect();
  await until(async () => a.cluster.gateways === 4);
  await gone[Symbol.asyncDispose]();
  await until(async () => a.cluster.gateways === 3);
  await server.kill();
  await a.changed('away');
  expect(await a.cluster.tryConsume('key', 3)).toBe(0);
  expect(await a.cluster.tryConsume('key', 3)).toBeGreaterThan(900);
  const heard = new CallbackQueue<string>();
  await b.changed('away');
  b.cluster.onPause(heard.put);
  await a.cluster.pause('other key', 60_000);
  expect(b.cluster.pausedFor('other key')).toBe(0);
  await server.restart();
  expect(await heard.count(1)).toEqual(['other key']);
});
