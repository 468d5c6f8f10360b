import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Versioned } from '../../../src/cluster/contract.ts';
import type { Weather } from '../../conformance/cluster.ts';
import { DeafProxy } from '../../support/blackhole-proxy.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { faultProxy } from '../../support/fault-proxy.ts';
import { RedisNode, RedisNodes } from '../../support/redis-nodes.ts';
import { RedisServer, until } from '../../support/redis-server.ts';
import { reference } from '../../support/stall-detector.ts';

const HOUR = 3_600_000;

function rain(version: number): Versioned<Weather> {
  return { version, state: { sky: `rain ${version}` } };
}

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
  await a.cluster.publish('topic', rain(1), HOUR);
  await server.restart();
  await Promise.all([a.changed('connected', 2), b.changed('connected', 2)]);
  const known = Math.max(...alone.value.map(Number));
  const shared = await Promise.all([a, b].map(({ cluster }) => cluster.claim('topic', 60_000, known)));
  const granted = shared.filter((version) => version !== null);
  expect(granted).toHaveLength(1);
  expect(granted[0]).toBeGreaterThan(known);
});

test('Redis frozen for 8 s: no call waits longer than the command time-out, and then none waits at all', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const three = [await nodes.connect(), await nodes.connect(), await nodes.connect()];
  const loop = monitorEventLoopDelay({ resolution: 10 });
  server.freeze();
  loop.enable();
  const commandTimeout = reference(500);
  const first = await Promise.all(three.map(({ cluster }) => timed(() => cluster.claim('topic', 60_000, 0))));
  expect(Math.max(...first.map(({ ms }) => ms)) - (await commandTimeout)).toBeLessThan(400);
  const thawAt = performance.now() + 8000;
  const later: number[] = [];
  while (performance.now() < thawAt) {
    for (const { cluster } of three) {
      later.push((await timed(() => cluster.claim('topic', 60_000, 0))).ms);
      later.push((await timed(() => cluster.read('topic'))).ms);
      later.push((await timed(() => cluster.publish('topic', rain(1), HOUR))).ms);
      later.push((await timed(() => cluster.tryConsume('key', 1_000_000))).ms);
    }
    await delay(100);
  }
  loop.disable();
  // Had they waited for Redis, all would have waited for a time-out; the machine itself may pause now and then.
  expect(later.toSorted((a, b) => a - b)[Math.floor(0.9 * later.length)]).toBeLessThan(50);
  expect(loop.percentile(90) / 1e6).toBeLessThan(100);
  expect(three.map(({ cluster }) => cluster.health)).toEqual(['away', 'away', 'away']);
  const thawed = performance.now();
  server.thaw();
  await Promise.all(three.map((node) => node.changed('connected', 2)));
  expect(performance.now() - thawed).toBeLessThan(2000);
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
  await other.cluster.publish('topic', rain(1), HOUR);
  expect(await heard.count(1)).toEqual([rain(1)]);
});

test('an update lost while reconnecting is read again and delivered', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  await using proxy = await faultProxy({ port: server.port });
  const writer = await nodes.connect();
  const reader = await nodes.connect({ url: `redis://127.0.0.1:${proxy.port}` });
  const heard = new CallbackQueue<Versioned<Weather>>();
  reader.cluster.subscribe('topic', heard.put);
  await writer.cluster.publish('topic', rain(1), HOUR);
  await heard.count(1);
  proxy.inject({ kind: 'reset' });
  await reader.changed('away');
  await writer.cluster.publish('topic', rain(2), HOUR);
  proxy.inject({ kind: 'none' });
  expect(await heard.count(2)).toEqual([rain(1), rain(2)]);
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
  await a.cluster.publish('topic', rain(1), HOUR);
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
  await writer.cluster.publish('topic', rain(version ?? 0), HOUR);
  // Nothing was heard in time, so the reader asks for the tick, and is refused.
  expect(await reader.cluster.claim('topic', 60_000, 0)).toBeNull();
  await heard.count(1);
  await reader.changed('connected', 2);
  expect(reader.health.all).toEqual(['connected', 'away', 'connected']);
});

test('malformed messages and stored states are dropped, and later ones are delivered', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const warned = new CallbackQueue<string>();
  const warn = (details: object, text: string) => warned.put(`${text} ${JSON.stringify(details)}`);
  const logger = { info: () => undefined, warn, error: () => undefined };
  const [a, b] = [await nodes.connect(), await nodes.connect({ logger })];
  const heard = new CallbackQueue<Versioned<Weather>>();
  b.cluster.subscribe('topic', heard.put);
  await b.cluster.read('topic');
  const garbage = [
    '',
    'x',
    '{}',
    '1',
    '1:',
    '1:me:',
    '1:me:{"sky":7}',
    '1:me:nonsense',
    `9${'9'.repeat(400)}:me:{}`,
    '-1:me:{}',
  ];
  for (const text of garbage) await server.run('PUBLISH', `${nodes.prefix}:v2:{topic}:updates`, text);
  const invalidated = new CallbackQueue<ReadonlySet<string>>();
  b.cluster.onInvalidate(invalidated.put);
  const notices = ['nodes:x', 'nodes:', 'pause:1', 'pause:x:me:key', 'pause:9:me:', '\0'];
  const hints = [
    'invalidate:',
    'invalidate:me:',
    'invalidate:me:,',
    'invalidate:me:a b',
    `invalidate:me:${'x'.repeat(40_000)}`,
  ];
  for (const text of [...notices, ...hints]) {
    await server.run('PUBLISH', `${nodes.prefix}:v2:{gateways}:membership`, text);
  }
  await a.cluster.invalidate(['valid']);
  expect(await invalidated.count(1)).toEqual([new Set(['valid'])]);
  expect(await warned.count(1)).toEqual(['malformed states dropped {"dropped":{"malformed":1}}']);
  await server.run('SET', `${nodes.prefix}:v2:{topic}:state`, 'nonsense');
  expect(await b.cluster.read('topic')).toBeNull();
  await server.run('SET', `${nodes.prefix}:v2:{topic}:tick`, 'nonsense');
  expect(await a.cluster.claim('topic', 60_000, 0)).not.toBeNull();
  await a.cluster.publish('topic', rain(3), HOUR);
  expect(await heard.count(1)).toEqual([rain(3)]);
  expect([a, b].map(({ cluster }) => cluster.health)).toEqual(['connected', 'connected']);
  expect(warned.all.join()).not.toContain('nonsense');
});

test('a password is used, a wrong one leaves the gateway on its own; neither is logged', async () => {
  await using server = await RedisServer.start({ config: ['requirepass se@cret'] });
  const logged = new CallbackQueue<string>();
  const log = (details: object, text: string) =>
    logged.put(`${text} ${JSON.stringify(Object.values(details).map(String))}`);
  const logger = { info: log, warn: log, error: log };
  await using right = new RedisNode({ url: `redis://:se%40cret@127.0.0.1:${server.port}`, logger });
  await right.changed('connected');
  await using wrong = new RedisNode({ url: `redis://:guess@127.0.0.1:${server.port}`, logger });
  await wrong.cluster.ready;
  expect(wrong.cluster.health).toBe('away');
  expect(await wrong.cluster.claim('topic', 60_000, 0)).not.toBeNull();
  await logged.count(2);
  expect(logged.all.join()).not.toMatch(/se@cret|se%40cret|guess/);
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
  await a.cluster.publish(topics[0] ?? '', rain(1), HOUR);
  await a.cluster.publish(topics.at(-1) ?? '', rain(1), HOUR);
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

test('three gateways cost two commands per poll, and everything kept in Redis ends by itself', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const three = [await nodes.connect(), await nodes.connect(), await nodes.connect()];
  const inboxes = await Promise.all(
    three.map(async ({ cluster }) => {
      const heard = new CallbackQueue<Versioned<Weather>>();
      cluster.subscribe('topic', heard.put);
      await cluster.read('topic');
      return heard;
    }),
  );
  const [winner] = three;
  // The server learns the scripts once.
  await winner?.cluster.claim('warm-up', 10, 0);
  await winner?.cluster.publish('warm-up', rain(1), 1);
  await server.run('CONFIG', 'RESETSTAT');
  for (let tick = 1; tick <= 20; tick += 1) {
    await delay(10);
    const version = await winner?.cluster.claim('topic', 10, 0);
    await winner?.cluster.publish('topic', rain(version ?? 0), HOUR);
    await Promise.all(inboxes.slice(1).map((heard) => heard.count(tick)));
  }
  const stats = String(await server.run('INFO', 'commandstats'));
  const calls = [...stats.matchAll(/^cmdstat_([^:|]+):calls=(\d+)/gm)].map(([, name, count]) => [name, Number(count)]);
  const { info: _info, hello: _hello, ...counted } = Object.fromEntries(calls);
  // Two scripts per tick are sent; the rest is what they do inside the server, which `INFO` counts too.
  const inside = { time: 20, get: 20, set: 40, getrange: 40, publish: 20 };
  expect(counted).toEqual({ evalsha: 40, ...inside });
  await winner?.cluster.tryConsume('key', 10);
  await winner?.cluster.pause('key', 10_000);
  const keys = (await server.run('KEYS', '*')) as string[];
  expect(keys.map((key) => key.replace(`${nodes.prefix}:v2`, '')).sort()).toEqual([
    ':{gateways}:nodes',
    ':{gateways}:pauses',
    ':{key}:rate',
    ':{topic}:state',
    ':{topic}:tick',
    ':{warm-up}:tick',
  ]);
  for (const key of keys) expect(Number(await server.run('PTTL', key))).toBeGreaterThan(0);
});

test('a key of the wrong type costs that key at most, and never the connection', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(), await nodes.connect()];
  const keys = ['{topic}:tick', '{topic}:state', '{key}:rate'].map((name) => `${nodes.prefix}:v2:${name}`);
  const spoil = async (): Promise<void> => {
    for (const key of keys) {
      await server.run('DEL', key);
      await server.run('LPUSH', key, 'wrong');
    }
    for (const name of ['nodes', 'pauses']) {
      await server.run('SET', `${nodes.prefix}:v2:{gateways}:${name}`, 'wrong');
    }
  };
  await spoil();
  expect(await b.cluster.read('topic')).toBeNull();
  const claims = await Promise.all([a, b].map(({ cluster }) => cluster.claim('topic', 60_000, 0)));
  const granted = claims.filter((version) => version !== null);
  expect(granted).toHaveLength(1);
  await a.cluster.publish('topic', rain(granted[0] ?? 0), HOUR);
  expect(await b.cluster.read('topic')).toEqual(rain(granted[0] ?? 0));
  expect(await a.cluster.tryConsume('key', 1)).toBe(0);
  expect(await b.cluster.tryConsume('key', 1)).toBeGreaterThan(500);
  await a.cluster.pause('paused', 60_000);
  const late = await nodes.connect();
  expect(late.cluster.pausedFor('paused')).toBeGreaterThan(55_000);
  await spoil();
  const later = await nodes.connect();
  expect(later.health.all).toEqual(['connected']);
  expect([a, b].map(({ health }) => health.all)).toEqual([['connected'], ['connected']]);
});

test('an outage is one line at once with its code, and so is the recovery', async () => {
  await using server = await RedisServer.start();
  const logged = new CallbackQueue<{ readonly text: string; readonly details: object }>();
  const log = (details: object, text: string) => logged.put({ text, details });
  await using node = new RedisNode({ url: server.url, logger: { info: log, warn: log, error: log } });
  await node.changed('connected');
  await server.kill();
  await node.changed('away');
  // Several attempts fail meanwhile.
  await delay(1500);
  await server.restart();
  await node.changed('connected', 2);
  const lines = await logged.count(3);
  expect(lines.map(({ text }) => text)).toEqual([
    'redis connected',
    'redis is away, polling on our own',
    'redis connected',
  ]);
  expect(lines[1]?.details).toMatchObject({ reason: expect.stringMatching(/^[A-Za-z_]+$/) });
  expect(lines[2]?.details).toMatchObject({
    awayForMs: expect.any(Number),
    failures: { ECONNREFUSED: expect.any(Number) },
  });
});

test('a Redis without HELLO is named in the log as older than 6', async () => {
  const sockets = new Set<Socket>();
  const old = createServer((socket) => {
    sockets.add(socket);
    socket
      .on('error', () => undefined)
      .on('data', () => socket.write('-ERR unknown command `HELLO`, with args beginning with: `3`, \r\n'));
  });
  await once(old.listen(0, '127.0.0.1'), 'listening');
  const { port } = old.address() as AddressInfo;
  const warned = new CallbackQueue<object>();
  const logger = { info: () => undefined, warn: warned.put, error: () => undefined };
  await using node = new RedisNode({ url: `redis://127.0.0.1:${port}`, logger });
  await node.cluster.ready;
  expect(await warned.count(1)).toMatchObject([{ reason: expect.stringContaining('older than version 6') }]);
  for (const socket of sockets) socket.destroy();
  old.close();
});
