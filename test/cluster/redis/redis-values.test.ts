import { expect, test } from 'vitest';
import type { Versioned } from '../../../src/cluster/contract.ts';
import { HOUR, sunny, type Weather } from '../../conformance/cluster-nodes.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { PATIENT, RedisNodes } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';

test('malformed messages and stored states are dropped, and later ones are delivered', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const warned = new CallbackQueue<string>();
  const warn = (details: object, text: string) => warned.put(`${text} ${JSON.stringify(details)}`);
  const logger = { info: () => undefined, warn, error: () => undefined };
  const [a, b] = [await nodes.connect(PATIENT), await nodes.connect({ ...PATIENT, logger })];
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
  for (const text of garbage) await server.run('PUBLISH', `${nodes.prefix}:v2.1:{topic}:updates`, text);
  const invalidated = new CallbackQueue<ReadonlySet<string>>();
  b.cluster.onInvalidate(invalidated.put);
  const notices = ['nodes:x', 'nodes:', 'pause:1', 'pause:x:me:key', 'pause:0:me:key', 'pause:9:me:', '\0'];
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
  expect(b.cluster.pausedFor('key')).toBe(0);
  expect(await warned.count(1)).toEqual(['malformed states dropped {"dropped":{"malformed":1}}']);
  await server.run('SET', `${nodes.prefix}:v2.1:{topic}:state`, 'nonsense');
  expect(await b.cluster.read('topic')).toBeNull();
  await server.run('SET', `${nodes.prefix}:v2.1:{topic}:tick`, 'nonsense');
  expect(await a.cluster.claim('topic', 60_000, 0)).not.toBeNull();
  await a.cluster.publish('topic', sunny(3), HOUR);
  expect(await heard.count(1)).toEqual([sunny(3)]);
  expect([a, b].map(({ cluster }) => cluster.health)).toEqual(['connected', 'connected']);
  expect(warned.all.join()).not.toContain('nonsense');
});

test('three gateways cost two commands per poll, and everything kept in Redis ends by itself', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const three = [await nodes.connect(PATIENT), await nodes.connect(PATIENT), await nodes.connect(PATIENT)];
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
  await winner?.cluster.publish('warm-up', sunny(1), 1);
  await server.run('CONFIG', 'RESETSTAT');
  let claims = 0;
  const claim = async (): Promise<number> => {
    claims += 1;
    return (await winner?.cluster.claim('topic', 1, 0)) ?? claim();
  };
  for (let tick = 1; tick <= 20; tick += 1) {
    const version = await claim();
    await winner?.cluster.publish('topic', sunny(version), HOUR);
    await Promise.all(inboxes.slice(1).map((heard) => heard.count(tick)));
  }
  const stats = String(await server.run('INFO', 'commandstats'));
  const calls = [...stats.matchAll(/^cmdstat_([^:|]+):calls=(\d+)/gm)].map(([, name, count]) => [name, Number(count)]);
  const { info: _info, hello: _hello, ...counted } = Object.fromEntries(calls);
  // Two scripts per tick are sent, and a claim that came within the same ms is sent again; the rest is what the scripts do
  // inside the server, which `INFO` counts too.
  const inside = { time: claims, get: claims, set: 40, getrange: 40, publish: 20 };
  expect(counted).toEqual({ evalsha: claims + 20, ...inside });
  await winner?.cluster.tryConsume('key', 10);
  await winner?.cluster.pause('key', 10_000);
  const known = [
    ':{gateways}:nodes',
    ':{gateways}:pauses',
    ':{key}:rate',
    ':{topic}:state',
    ':{topic}:tick',
    ':{warm-up}:tick',
  ];
  const keys = (await server.run('KEYS', '*')) as string[];
  // On a busy machine a key that lives for seconds may have expired.
  expect(known).toEqual(expect.arrayContaining(keys.map((key) => key.slice(key.indexOf(':{')))));
  expect(keys).toContain(`${nodes.prefix}:v2.1:{topic}:state`);
  const lastsForEver = -1;
  for (const key of keys) expect(Number(await server.run('PTTL', key))).not.toBe(lastsForEver);
});

test('a key of the wrong type costs that key at most, and never the connection', async () => {
  await using server = await RedisServer.start();
  await using nodes = new RedisNodes(server.url);
  const [a, b] = [await nodes.connect(PATIENT), await nodes.connect(PATIENT)];
  const keys = ['v2.1:{topic}:tick', 'v2.1:{topic}:state', 'v2:{key}:rate'].map((name) => `${nodes.prefix}:${name}`);
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
  await a.cluster.publish('topic', sunny(granted[0] ?? 0), HOUR);
  expect(await b.cluster.read('topic')).toEqual(sunny(granted[0] ?? 0));
  expect(await a.cluster.tryConsume('key', 1)).toBe(0);
  expect(await b.cluster.tryConsume('key', 1)).toBeGreaterThan(500);
  await a.cluster.pause('paused', 60_000);
  const late = await nodes.connect(PATIENT);
  expect(late.cluster.pausedFor('paused')).toBeGreaterThan(55_000);
  await spoil();
  const later = await nodes.connect(PATIENT);
  expect(later.health.all).toEqual(['connected']);
  expect([a, b].map(({ health }) => health.all)).toEqual([['connected'], ['connected']]);
});
