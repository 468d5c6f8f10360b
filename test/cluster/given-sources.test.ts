import { expect, test } from 'vitest';
import type { TaskSource } from '../../src/task/task-source.ts';
import { startLogged } from '../server/access-log/logged-gateway.ts';
import { post } from '../support/http-client.ts';
import { RedisServer } from '../support/redis-server.ts';
import { report } from '../task/scripted-source.ts';

/** A source with a name, and the number of its calls. */
function sourceOf(name: string, progress: number) {
  const source = { name, calls: 0, read: async (id: string) => report(id, 'PROCESS', { progress }) };
  const counted: TaskSource = {
    name,
    read: (id) => {
      source.calls += 1;
      return source.read(id);
    },
  };
  return { source: counted, calls: () => source.calls };
}

async function progressOf(url: string): Promise<unknown> {
  return (await post(url, '{ videoTask(id: "x") { progress } }')).json();
}

function shown(progress: number) {
  return { data: { videoTask: { progress } } };
}

test('two sources on one Redis, with one token, share nothing; gateways of one source share its states', async () => {
  await using redis = await RedisServer.start();
  const env = { REDIS_URL: redis.url, POLL_INTERVAL_MS: '60000', POLL_MAX_INTERVAL_MS: '60000' };
  const [one, other, peer] = [sourceOf('one', 10), sourceOf('other', 20), sourceOf('one', 30)];
  await using first = await startLogged('silent', env, one);
  await using second = await startLogged('silent', env, other);
  await using third = await startLogged('silent', env, peer);
  expect(await progressOf(first.url)).toEqual(shown(10));
  expect(await progressOf(second.url)).toEqual(shown(20));
  expect(await progressOf(third.url)).toEqual(shown(10));
  expect([one.calls(), other.calls(), peer.calls()]).toEqual([1, 1, 0]);
});

test('a source without a name is refused in a cluster', async () => {
  const env = { REDIS_URL: 'redis://127.0.0.1:1' };
  const source = { read: async () => null };
  await expect(startLogged('silent', env, { source })).rejects.toThrow('a source needs a name');
});
