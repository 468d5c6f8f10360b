import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { RedisSession } from '../../../src/cluster/redis/redis-session.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { RedisNode } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { run } from '../../upstream/upstream-server.ts';

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

test('an outage is one line at once with its code, and so is the recovery', async () => {
  await using server = await RedisServer.start();
  const logged = new CallbackQueue<{ readonly text: string; readonly details: object }>();
  const log = (details: object, text: string) => logged.put({ text, details });
  await using node = new RedisNode({ url: server.url, logger: { info: log, warn: log, error: log } });
  await node.changed('connected');
  await server.kill();
  await node.changed('away');
  const attempts = vi.spyOn(RedisSession, 'open');
  await expect.poll(() => attempts.mock.settledResults.filter(({ type }) => type === 'rejected').length).toBe(3);
  attempts.mockRestore();
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

test('connections that are lost again and again make one pair of lines in 30 s', async () => {
  await using server = await RedisServer.start();
  const logged = new CallbackQueue<string>();
  const log = (_details: object, text: string) => logged.put(text);
  await using node = new RedisNode({ url: server.url, logger: { info: log, warn: log, error: log } });
  for (let times = 1; times <= 3; times += 1) {
    await node.changed('connected', times);
    await server.run('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await node.changed('away', times);
  }
  await node.changed('connected', 4);
  expect(logged.all).toEqual(['redis connected', 'redis is away, polling on our own', 'redis connected']);
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

/** A server that takes connections and keeps what they send first. It answers nothing, and closes them where told to. */
async function startListener(answer: (socket: Socket) => void = () => {}) {
  const received = new CallbackQueue<Buffer>();
  const server = createServer((socket) => {
    socket.once('data', (bytes: Buffer) => {
      received.put(bytes);
      answer(socket);
    });
  });
  return Object.assign(await run(server), { received });
}

const TLS_HANDSHAKE = 0x16;

test.each([
  ['one server', (host: string) => `rediss://me:secret@${host}`],
  ['sentinels', (host: string) => `rediss+sentinel://me:secret@${host}/video?sentinel-password=secret`],
  ['a Redis Cluster', (host: string) => `rediss+cluster://me:secret@${host}`],
])('with rediss no byte goes to %s before TLS, and a server without it gets no password', async (_kind, urlOf) => {
  await using listener = await startListener((socket) => void socket.end('-ERR no TLS here\r\n'));
  await using node = new RedisNode({ url: urlOf(`127.0.0.1:${listener.port}`) });
  await node.cluster.ready;
  expect(node.cluster.health).toBe('away');
  expect(listener.received.all.length).toBeGreaterThan(0);
  for (const bytes of listener.received.all) {
    expect(bytes[0]).toBe(TLS_HANDSHAKE);
    expect(bytes.toString('latin1')).not.toContain('secret');
  }
});

test('sentinels that know no master of the name leave the gateway on its own, with a line in the log', async () => {
  await using sentinel = await RedisServer.start({ sentinel: true });
  const warned = new CallbackQueue<string>();
  const warn = (_details: object, text: string) => warned.put(text);
  const logger = { info: () => undefined, warn, error: () => undefined };
  await using node = new RedisNode({ url: `redis+sentinel://127.0.0.1:${sentinel.port}/other`, logger });
  await node.cluster.ready;
  expect(await warned.count(1)).toEqual(['redis cannot be reached, polling on our own']);
  expect([node.cluster.health, await node.cluster.read('topic')]).toEqual(['away', null]);
  expect(await node.cluster.claim('topic', 60_000, 0)).not.toBeNull();
});

test('a gateway that ends while Redis does not answer waits for nothing, and logs no failure', async () => {
  await using listener = await startListener();
  const logged = new CallbackQueue<string>();
  const log = (_details: object, text: string) => logged.put(text);
  const node = new RedisNode({
    url: `redis://127.0.0.1:${listener.port}`,
    commandTimeoutMs: 60_000,
    logger: { info: log, warn: log, error: log },
  });
  await listener.received.count(2);
  await node[Symbol.asyncDispose]();
  expect(logged.all).toEqual([]);
});
