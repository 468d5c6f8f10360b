import { describe, expect, it } from 'vitest';
import { TaskNotFound, Unauthenticated } from '../../src/errors.ts';
import { MemoryFeed, snapshotOf } from './memory-feed.ts';
import { codesOf, events } from './run.ts';

const ONE = 'subscription One($id: ID!) { taskStatus(id: $id) { id status progress } }';
const MANY = 'subscription Many($ids: [ID!]!) { taskStatuses(ids: $ids) { id progress } }';

describe('taskStatus', () => {
  it('shows every state of the feed and completes with it, without a stale one in between', async () => {
    const feed = new MemoryFeed({}, [
      snapshotOf({ id: 'a', status: 'PROCESS', progress: 10 }),
      snapshotOf({ id: 'a', status: 'PROCESS', progress: 20 }),
      snapshotOf({ id: 'a', status: 'SUCCESS', progress: 100 }),
    ]);
    expect(await events({ feed, document: ONE, variables: { id: 'a' } })).toEqual([
      { data: { taskStatus: { id: 'a', status: 'PROCESS', progress: 10 } } },
      { data: { taskStatus: { id: 'a', status: 'PROCESS', progress: 20 } } },
      { data: { taskStatus: { id: 'a', status: 'SUCCESS', progress: 100 } } },
    ]);
    expect(feed.asked).toEqual(['a']);
  });

  it('passes the error of the source on to the server', async () => {
    const feed = new MemoryFeed({}, [{ id: 'a', error: new TaskNotFound('No such task.') }]);
    await expect(events({ feed, document: ONE, variables: { id: 'a' } })).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
  });

  it.each(['__proto__', '../x', '', 'x'.repeat(1024 * 1024)])(
    'refuses a malformed id before asking anyone',
    async (id) => {
      const feed = new MemoryFeed();
      const [refusal, ...rest] = await events({ feed, document: ONE, variables: { id } });
      expect(rest).toEqual([]);
      expect(refusal?.data ?? null).toBeNull();
      expect(codesOf(refusal)).toEqual(['BAD_USER_INPUT']);
      expect(feed.asked).toEqual([]);
    },
  );
});

describe('taskStatuses', () => {
  it('watches each distinct id once', async () => {
    const feed = new MemoryFeed({}, [snapshotOf({ id: 'b' }), snapshotOf({ id: 'a' })]);
    const seen = await events({ feed, document: MANY, variables: { ids: ['b', 'a', 'b'] } });
    expect(seen.map(({ data }) => data?.['taskStatuses'])).toEqual([
      { id: 'b', progress: null },
      { id: 'a', progress: null },
    ]);
    expect(feed.asked).toEqual(['b', 'a']);
  });

  it('shows the fault of one task as one event that names it, and goes on with the rest', async () => {
    const feed = new MemoryFeed({}, [
      snapshotOf({ id: 'a', progress: 1 }),
      { id: 'gone', error: new TaskNotFound('No such task.') },
      { id: 'other', error: new Unauthenticated('Refused.') },
      snapshotOf({ id: 'a', progress: 2 }),
    ]);
    const seen = await events({ feed, document: MANY, variables: { ids: ['a', 'gone', 'other'] } });
    expect(seen).toMatchObject([
      { data: { taskStatuses: { id: 'a', progress: 1 } } },
      {
        data: { taskStatuses: null },
        errors: [{ path: ['taskStatuses'], extensions: { code: 'TASK_NOT_FOUND', id: 'gone' } }],
      },
      {
        data: { taskStatuses: null },
        errors: [{ path: ['taskStatuses'], extensions: { code: 'UNAUTHENTICATED', id: 'other' } }],
      },
      { data: { taskStatuses: { id: 'a', progress: 2 } } },
    ]);
  });

  it.each([[[]], [['a', '../x']], [['a', 'b', 'c']]])('refuses %j before asking anyone', async (ids) => {
    const feed = new MemoryFeed();
    const [refusal, ...rest] = await events({ feed, document: MANY, variables: { ids }, maxIds: 2 });
    expect(rest).toEqual([]);
    expect(codesOf(refusal)).toEqual(['BAD_USER_INPUT']);
    expect(feed.asked).toEqual([]);
  });
});
