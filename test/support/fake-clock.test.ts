import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';
import { RedisServer } from './redis-server.ts';

test('a clock removes what killed processes left in shared memory, and only that', async () => {
  const ended = spawnSync('true').pid;
  const left = [`/dev/shm/sem.faketime_sem_${ended}`, `/dev/shm/faketime_shm_${ended}`];
  const taken = `/dev/shm/faketime_shm_${process.pid}`;
  try {
    await Promise.all([...left, taken].map((file) => writeFile(file, '')));
    await using clock = await FakeClock.create();
    expect(clock.env['LD_PRELOAD']).toMatch(/libfaketime/);
    expect([...left, taken].filter((file) => existsSync(file))).toEqual([taken]);
  } finally {
    await Promise.all([...left, taken].map((file) => rm(file, { force: true })));
  }
});

test('a Redis with a clock: its time steps, keys end early or late, and a restart keeps the clock', async () => {
  await using clock = await FakeClock.create();
  await using redis = await RedisServer.start({ clock });
  expect(await redis.clockOffset()).toBeCloseTo(0, -1);
  await redis.run('SET', 'minute', 'value', 'EX', '60');
  await redis.run('SET', 'hour', 'value', 'EX', '3600');
  await clock.step(600);
  expect(await redis.clockOffset()).toBeCloseTo(600, -1);
  expect(await redis.run('MGET', 'minute', 'hour')).toEqual([null, 'value']);
  await clock.step(-600);
  expect(Number(await redis.run('TTL', 'hour'))).toBeGreaterThan(4_100);
  await redis.restart();
  expect(await redis.clockOffset()).toBeCloseTo(-600, -1);
});
