import { describe, expect, it } from 'vitest';
import { Forbidden, UpstreamRateLimited, UpstreamUnavailable } from '../../src/errors.ts';
import { MemoryFeed, snapshotOf } from './memory-feed.ts';
import { codesOf, query } from './run.ts';

const ONE = 'query One($id: ID!) { videoTask(id: $id) { id status } }';
const MANY = 'query Many($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';

describe('videoTask', () => {
  it('answers the state', async () => {
    const feed = new MemoryFeed({ a: snapshotOf({ id: 'a', status: 'COPY' }) });
    expect(await query({ feed, document: ONE, variables: { id: 'a' } })).toEqual({
      data: { videoTask: { id: 'a', status: 'COPY' } },
    });
  });

  it('answers null, and no error, for a task that does not exist', async () => {
    const feed = new MemoryFeed();
    expect(await query({ feed, document: ONE, variables: { id: 'constructor' } })).toEqual({
      data: { videoTask: null },
    });
    expect(feed.asked).toEqual(['constructor']);
  });

  it('takes a number as an id', async () => {
    const feed = new MemoryFeed({ 7: snapshotOf({ id: '7' }) });
    expect(await query({ feed, document: '{ videoTask(id: 7) { id } }' })).toEqual({
      data: { videoTask: { id: '7' } },
    });
  });

  it('is null with the code of the error', async () => {
    const feed = new MemoryFeed({ a: new UpstreamUnavailable('A2E did not answer.') });
    const result = await query({ feed, document: ONE, variables: { id: 'a' } });
    expect(result.data).toEqual({ videoTask: null });
    expect(result.errors).toMatchObject([
      { path: ['videoTask'], extensions: { code: 'UPSTREAM_UNAVAILABLE', id: 'a' } },
    ]);
  });

  it.each(['__proto__', '../x', '', 'x'.repeat(1024 * 1024)])(
    'refuses a malformed id before asking anyone',
    async (id) => {
      const feed = new MemoryFeed();
      const result = await query({ feed, document: ONE, variables: { id } });
      expect(result.data).toEqual({ videoTask: null });
      expect(codesOf(result)).toEqual(['BAD_USER_INPUT']);
      expect(JSON.stringify(result).length).toBeLessThan(1000);
      expect(feed.asked).toEqual([]);
    },
  );

  it('asks once for the same task under several aliases', async () => {
    const feed = new MemoryFeed({ a: snapshotOf({ id: 'a' }) });
    const document =
      '{ one: videoTask(id: "a") { id } two: videoTask(id: "a") { id } all: videoTasks(ids: ["a"]) { id } }';
    expect(await query({ feed, document })).toEqual({
      data: { one: { id: 'a' }, two: { id: 'a' }, all: [{ id: 'a' }] },
    });
    expect(feed.asked).toEqual(['a']);
  });
});

describe('videoTasks', () => {
  it('answers in the order asked, null for an unknown one, and asks once per distinct id', async () => {
    const feed = new MemoryFeed({ a: snapshotOf({ id: 'a' }), b: snapshotOf({ id: 'b' }) });
    expect(await query({ feed, document: MANY, variables: { ids: ['b', 'a', 'none', 'b'] } })).toEqual({
      data: { videoTasks: [{ id: 'b' }, { id: 'a' }, null, { id: 'b' }] },
    });
    expect(feed.asked.toSorted()).toEqual(['a', 'b', 'none']);
  });

  it('is partly successful: an error nulls only its own entry, and names the task', async () => {
    const feed = new MemoryFeed({
      a: snapshotOf({ id: 'a' }),
      busy: new UpstreamRateLimited('A2E asks for a pause.', { retryAfterMs: 7000 }),
      other: new Forbidden('Not yours.'),
    });
    const result = await query({ feed, document: MANY, variables: { ids: ['busy', 'a', 'other', 'busy'] } });
    expect(result.data).toEqual({ videoTasks: [null, { id: 'a' }, null, null] });
    const busy = { code: 'UPSTREAM_RATE_LIMITED', retryAfterSeconds: 7, id: 'busy' };
    expect(result.errors?.toSorted((a, b) => String(a.path).localeCompare(String(b.path)))).toMatchObject([
      { path: ['videoTasks', 0], extensions: busy },
      { path: ['videoTasks', 2], extensions: { code: 'FORBIDDEN', id: 'other' } },
      { path: ['videoTasks', 3], extensions: busy },
    ]);
  });

  it('answers an empty list with an empty list', async () => {
    expect(await query({ feed: new MemoryFeed(), document: MANY, variables: { ids: [] } })).toEqual({
      data: { videoTasks: [] },
    });
  });

  it('fails as a whole for one malformed id, and for too many, before asking anyone', async () => {
    const feed = new MemoryFeed();
    for (const ids of [
      ['a', '__proto__'],
      ['a', 'b', 'c'],
    ]) {
      const result = await query({ feed, document: MANY, variables: { ids }, maxIds: 2 });
      expect(result.data).toBeNull();
      expect(result.errors).toMatchObject([{ path: ['videoTasks'], extensions: { code: 'BAD_USER_INPUT' } }]);
    }
    expect(feed.asked).toEqual([]);
  });
});
