import { expect, test } from 'vitest';
import { WriteBatcher } from '../../src/live/write-batcher.ts';

test('a flush writes what the turn has gathered, and a later write opens a batch of its own', async () => {
  const log: string[] = [];
  const stream = { cork: () => log.push('cork'), uncork: () => log.push('uncork') };
  const batcher = new WriteBatcher();
  const first = batcher.cork(stream, -1);
  expect(batcher.cork(stream, first)).toBe(first);
  batcher.flush();
  batcher.flush();
  expect(batcher.cork(stream, first)).not.toBe(first);
  expect(log).toEqual(['cork', 'uncork', 'cork']);
  await new Promise((resolve) => setImmediate(resolve));
  expect(log).toEqual(['cork', 'uncork', 'cork', 'uncork']);
});
