import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { RedisSession } from '../../../src/cluster/redis/redis-session.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { RedisNode } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';

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
