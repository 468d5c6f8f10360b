import { expect, it } from 'vitest';
import { PreparationQueue } from '../../../src/server/graphql/preparation-queue.ts';
import { EventLoopQueue } from '../../../src/server/limits/event-loop-queue.ts';

const MIB = 1024 * 1024;

it('gives accounts turns, so that one document waits for one of every other account', async () => {
  const queue = new PreparationQueue(new EventLoopQueue());
  const order: string[] = [];
  const prepare = (name: string) => () => void order.push(name);
  await Promise.all([
    ...['a1', 'a2', 'a3', 'a4'].map((name) => queue.run('a', 1, prepare(name))),
    queue.run('b', 1, prepare('b1')),
    ...['c1', 'c2'].map((name) => queue.run('c', 1, prepare(name))),
  ]);
  expect(order).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4']);
});

it('rejects with OVERLOADED when too much text waits, of one account or in all, and takes more once it has run', async () => {
  const queue = new PreparationQueue(new EventLoopQueue());
  const overloaded = { code: 'OVERLOADED', retryAfterSeconds: 1 };
  const first = queue.run('a', 4 * MIB, () => 'done');
  await expect(queue.run('a', 1, () => 'never')).rejects.toMatchObject(overloaded);
  const others = ['b', 'c', 'd'].map((account) => queue.run(account, 4 * MIB, () => account));
  await expect(queue.run('e', 1, () => 'never')).rejects.toMatchObject(overloaded);
  expect(await first).toBe('done');
  expect(await Promise.all(others)).toEqual(['b', 'c', 'd']);
  expect(await queue.run('a', 4 * MIB, () => 'again')).toBe('again');
});

it('passes an error of a preparation on, and goes on with the next', async () => {
  const queue = new PreparationQueue(new EventLoopQueue());
  const failing = queue.run('a', 1, () => {
    throw new Error('broken');
  });
  const next = queue.run('a', 1, () => 'next');
  await expect(failing).rejects.toThrow('broken');
  expect(await next).toBe('next');
});
