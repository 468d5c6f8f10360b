import { describe, expect, it } from 'vitest';
import { createContext } from '../../src/schema/context.ts';
import { createTaskLoader } from '../../src/schema/task-loader.ts';
import { MemoryFeed, snapshotOf } from './memory-feed.ts';

describe('the task loader', () => {
  it('reads each distinct id of a batch once', async () => {
    const feed = new MemoryFeed({ a: snapshotOf({ id: 'a' }) });
    const { loader } = createContext({ feed, maxIds: 10 });
    const [first, again, none] = await Promise.all([loader.load('a'), loader.load('a'), loader.load('b')]);
    expect(first?.task.id).toBe('a');
    expect(again).toBe(first);
    expect(none).toBeNull();
    expect(feed.asked).toEqual(['a', 'b']);
  });

  it('keeps no state from one batch to the next', async () => {
    let progress = 0;
    const loader = createTaskLoader(async (id) => snapshotOf({ id, progress: ++progress }), 10);
    expect((await loader.load('a'))?.task.progress).toBe(1);
    expect((await loader.load('a'))?.task.progress).toBe(2);
  });

  it('reads no more distinct ids than an operation may name, over all batches', async () => {
    const feed = new MemoryFeed();
    const { loader } = createContext({ feed, maxIds: 3 });
    await Promise.all(['a', 'b', 'a'].map((id) => loader.load(id)));
    const outcomes = await Promise.allSettled(['c', 'a', 'd', 'e'].map((id) => loader.load(id)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { code: 'OPERATION_TOO_COMPLEX' } });
    expect(feed.asked).toEqual(['a', 'b', 'c', 'a']);
  });

  it('fails only the id that failed, even for a rejection that is no error', async () => {
    const loader = createTaskLoader(
      (id) => (id === 'bad' ? Promise.reject('no error at all') : Promise.resolve(null)),
      10,
    );
    const [good, bad] = await Promise.allSettled([loader.load('good'), loader.load('bad')]);
    expect(good).toEqual({ status: 'fulfilled', value: null });
    expect(bad).toMatchObject({ status: 'rejected', reason: { cause: 'no error at all' } });
  });
});
