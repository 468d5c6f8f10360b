import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RedisCounts } from '../../../src/cluster/redis/redis-counts.ts';
import { RedisSession } from '../../../src/cluster/redis/redis-session.ts';
import { parseRedisUrl } from '../../../src/config/redis-url.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { RedisServer } from '../../support/redis-server.ts';

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const never = new AbortController().signal;

async function open() {
  const messages = new CallbackQueue<string>();
  const counts = new RedisCounts();
  const target = parseRedisUrl(server.url);
  const session = await RedisSession.open({ target, commandTimeoutMs: 30_000, onMessage: messages.put, counts }, never);
  return { session, messages, counts };
}

function script(source: string) {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

const GET = script("return redis.call('GET', KEYS[1])");

test('a key of the wrong type fails the command that meets it, and no other', async () => {
  await server.run('LPUSH', 'list', 'one');
  await server.run('SET', 'text', 'two');
  const { session } = await open();
  await expect(session.run(GET, ['list'], [])).rejects.toThrow('WRONGTYPE');
  expect(await session.run(GET, ['text'], [])).toBe('two');
  expect(session.ended.aborted).toBe(false);
  session[Symbol.dispose]();
});

test('every other error reply ends the session, with the error as its reason, and what comes later fails at once', async () => {
  const { session } = await open();
  const ended = once(session.ended, 'abort');
  const failed = session.run(script('return redis.error_reply("BROKEN now")'), ['key'], []);
  await expect(failed).rejects.toThrow('BROKEN now');
  await ended;
  expect(session.ended.reason).toMatchObject({ message: expect.stringContaining('BROKEN now') });
  await expect(session.run(GET, ['text'], [])).rejects.toBe(session.ended.reason);
});

test('a server that has forgotten its scripts is sent the script again', async () => {
  await server.run('SET', 'text', 'two');
  const { session } = await open();
  await session.run(GET, ['text'], []);
  await server.run('SCRIPT', 'FLUSH');
  expect(await session.run(GET, ['text'], [])).toBe('two');
  session[Symbol.dispose]();
});

test('the subscriptions are a connection of their own, which answers a ping while it subscribes', async () => {
  const { session, messages, counts } = await open();
  await session.subscribe(['channel']);
  await session.pingSubscribers();
  await session.publish('channel', 'hello');
  expect(await messages.count(1)).toEqual(['hello']);
  expect(counts.roundTrips).toBe(3);
  session[Symbol.dispose]();
  await expect(session.pingSubscribers()).rejects.toThrow('closed');
});
