import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { FakeClock } from './fake-clock.ts';

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
