import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type GatewayError,
  TaskNotFound,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../src/errors.ts';
import type { TaskSnapshot } from '../../src/task/task-snapshot.ts';
import { VIDEO_TASK_STATUSES, type VideoTask } from '../../src/task/video-task.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { decodeWatchState, encodeWatchState } from '../../src/task/watch-state-codec.ts';
import { report } from './scripted-source.ts';

const text = fc.option(fc.string());
const count = fc.option(fc.integer());
const moment = fc.integer({ min: 0, max: 8.64e15 });
const status = fc.constantFrom(...VIDEO_TASK_STATUSES);

const task: fc.Arbitrary<VideoTask> = fc.record({
  id: fc.string(),
  status,
  rawStatus: fc.string(),
  progress: count,
  message: text,
  resultUrl: text,
  resultPeopleUrl: text,
  resultBackgroundUrl: text,
  anchorId: text,
  anchorType: text,
  backgroundWidth: count,
  backgroundHeight: count,
  color: text,
  replaceBackgroundId: text,
  customBackgroundId: text,
  createdAt: fc.option(moment),
  elapsedSeconds: count,
  reportedAt: fc.option(moment),
});

const snapshot: fc.Arbitrary<TaskSnapshot> = fc.record({
  version: moment,
  task,
  checkedAt: moment,
  nextCheckAt: fc.option(moment),
  stale: fc.boolean(),
  stages: fc.array(fc.record({ status, enteredAt: moment, leftAt: fc.option(moment) })),
});

const problem: fc.Arbitrary<GatewayError> = fc.oneof(
  fc.string().map((message) => new TaskNotFound(message)),
  fc.string().map((message) => new Unauthenticated(message)),
  fc.string().map((message) => new UpstreamBadResponse(message)),
  fc
    .tuple(fc.string(), fc.option(fc.nat()))
    .map(([message, retryAfterMs]) => new UpstreamRateLimited(message, { retryAfterMs })),
  fc
    .tuple(fc.string(), fc.option(fc.nat()))
    .map(([message, retryAfterMs]) => new UpstreamUnavailable(message, { retryAfterMs })),
);

const state: fc.Arbitrary<WatchState> = fc.record({
  version: moment,
  snapshot: fc.option(snapshot),
  failure: fc.option(problem),
  attemptedAt: moment,
  nextPollInMs: count,
});

const known: WatchState = {
  version: 7,
  snapshot: {
    version: 7,
    task: report('task-1'),
    checkedAt: 1,
    nextCheckAt: 2,
    stale: false,
    stages: [{ status: 'PROCESS', enteredAt: 1, leftAt: null }],
  },
  failure: null,
  attemptedAt: 1,
  nextPollInMs: 3,
};

describe('the codec of states', () => {
  test('every state comes back as it was', () => {
    fc.assert(
      fc.property(state, (before) => {
        const after = decodeWatchState(encodeWatchState(before));
        expect(after).toEqual(before);
        expect(after.failure?.extensions).toEqual(before.failure?.extensions);
        expect(after.failure?.constructor).toBe(before.failure?.constructor);
      }),
    );
  });

  test('a problem travels without its cause', () => {
    const cause = new Error('secret');
    const encoded = encodeWatchState({ ...known, failure: new UpstreamUnavailable('A2E is away', { cause }) });
    expect(encoded).not.toContain('secret');
    expect(decodeWatchState(encoded).failure?.cause).toBeUndefined();
  });

  test('what another version of the gateway left out or added does no harm', () => {
    const { color: _, ...less } = report('task-1');
    const wire = JSON.parse(encodeWatchState(known)) as object;
    const more = { ...wire, colour: 'red', snapshot: { ...known.snapshot, task: { ...less, fps: 25 } } };
    expect(decodeWatchState(JSON.stringify(more))).toEqual(known);
  });

  test('anything else is refused, and pollutes nothing', () => {
    const garbage = ['', 'x', '1', 'null', '[]', '{}', '"text"', '{"version":1}', '{"__proto__":{"version":1}}'];
    for (const each of garbage) expect(() => decodeWatchState(each)).toThrow();
    fc.assert(fc.property(fc.json(), (json) => void expect(() => decodeWatchState(json)).toThrow()));
  });

  test('a wrong type anywhere is refused', () => {
    const wrong: readonly object[] = [
      { version: '7' },
      { attemptedAt: 9e15 },
      { attemptedAt: null },
      { nextInMs: 'soon' },
      { problem: 'bad' },
      { problem: { code: 'X' } },
      { snapshot: [] },
      { snapshot: { ...known.snapshot, stale: 0 } },
      { snapshot: { ...known.snapshot, checkedAt: 'now' } },
      { snapshot: { ...known.snapshot, stages: {} } },
      { snapshot: { ...known.snapshot, stages: [null] } },
      { snapshot: { ...known.snapshot, stages: [{ status: 'DONE', enteredAt: 1 }] } },
      { snapshot: { ...known.snapshot, task: null } },
      { snapshot: { ...known.snapshot, task: { ...report('task-1'), status: 'done' } } },
      { snapshot: { ...known.snapshot, task: { ...report('task-1'), progress: '10' } } },
      { snapshot: { ...known.snapshot, task: { ...report('task-1'), resultUrl: { href: 'x' } } } },
    ];
    for (const change of wrong) expect(() => decodeWatchState(JSON.stringify({ ...known, ...change }))).toThrow();
  });
});
