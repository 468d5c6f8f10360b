import { expect, test } from 'vitest';
import type { Versioned } from '../../../src/cluster/contract.ts';
import { HOUR, sunny, type Weather } from '../../conformance/cluster-nodes.ts';
import { DeafProxy } from '../../support/blackhole-proxy.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { faultProxy } from '../../support/fault-proxy.ts';
import { RedisNodes } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';

test('an update lost while reconnecting is read again and delivered', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  await using proxy = await faultProxy({ port: server.port });
  const writer = await nodes.connect();
  const reader = await nodes.connect({ url: `redis://127.0.0.1:${proxy.port}` });
  const heard = new CallbackQueue<Versioned<Weather>>();
  reader.cluster.subscribe('topic', heard.put);
  await writer.cluster.publish('topic', sunny(1), HOUR);
  await heard.count(1);
  proxy.inject({ kind: 'reset' });
  await reader.changed('away');
  await writer.cluster.publish('topic', sunny(2), HOUR);
  proxy.inject({ kind: 'none' });
  expect(await heard.count(2)).toEqual([sunny(1), sunny(2)]);
});

test('only the subscriptions lost: both connections are renewed', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(), await nodes.connect()];
  const heard = new CallbackQueue<Versioned<Weather>>();
  b.cluster.subscribe('topic', heard.put);
  await b.cluster.read('topic');
  await server.run('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await Promise.all([a.changed('connected', 2), b.changed('connected', 2)]);
  await a.cluster.publish('topic', sunny(1), HOUR);
  await heard.count(1);
});

test('subscriptions that have gone silent are found by the missing message', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  await using proxy = await DeafProxy.start(server.port);
  const [writer, reader] = [await nodes.connect(), await nodes.connect({ url: proxy.url })];
  const heard = new CallbackQueue<Versioned<Weather>>();
  reader.cluster.subscribe('topic', heard.put);
  await reader.cluster.read('topic');
  proxy.deafen();
  const version = await writer.cluster.claim('topic', 60_000, 0);
  await writer.cluster.publish('topic', sunny(version ?? 0), HOUR);
  // Nothing was heard in time, so the reader asks for the tick, and is refused.
  expect(await reader.cluster.claim('topic', 60_000, 0)).toBeNull();
  await heard.count(1);
  await reader.changed('connected', 2);
  expect(reader.health.all).toEqual(['connected', 'away', 'connected']);
});

test('a hint under way when Redis stops answering costs its sender no error, and later hints arrive', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(), await nodes.connect()];
  const received = new CallbackQueue<ReadonlySet<string>>();
  b.cluster.onInvalidate(received.put);
  server.freeze();
  await a.cluster.invalidate(['under-way']);
  expect(a.health.all).toEqual(['connected', 'away']);
  server.thaw();
  await a.changed('connected', 2);
  await a.cluster.invalidate(['later']);
  await received.find((ids) => ids.has('later'));
  expect(received.all.filter((ids) => ids.has('later'))).toHaveLength(1);
});
