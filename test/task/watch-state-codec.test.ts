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
const count = fc.option(fc.nat(1_000_000));
const percent = fc.option(fc.nat(100));
const url = fc.option(fc.webUrl());
const moment = fc.integer({ min: 0, max: 8.64e15 });
const TOPIC = 'own:task-1';
const decode = (encoded: string): WatchState => decodeWatchState(encoded, TOPIC);
/** The same state without its monotonic times, which travel as rounded ages. */
const timeless = ({ attemptedAt: _, succeededAt: __, missingSince: ___, ...rest }: WatchState) => rest;
const age = fc.option(fc.nat(60_000));
const status = fc.constantFrom(...VIDEO_TASK_STATUSES);

const task: fc.Arbitrary<VideoTask> = fc.record({
  id: fc.constant('task-1'),
  status,
  rawStatus: fc.string(),
  progress: percent,
  message: text,
  resultUrl: url,
  resultPeopleUrl: url,
  resultBackgroundUrl: url,
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
  finished: fc.boolean(),
  stages: fc.array(fc.record({ status, enteredAt: moment, leftAt: fc.option(moment) }), { maxLength: 64 }),
});

const failure: fc.Arbitrary<GatewayError> = fc.oneof(
  fc.string().map((message) => new TaskNotFound(message)),
  fc.string().map((message) => new Unauthenticated(message)),
  fc.string().map((message) => new UpstreamBadResponse(message)),
  fc
    .tuple(fc.string(), fc.option(fc.nat(300_000)))
    .map(([message, retryAfterMs]) => new UpstreamRateLimited(message, { retryAfterMs })),
  fc
    .tuple(fc.string(), fc.option(fc.nat(300_000)))
    .map(([message, retryAfterMs]) => new UpstreamUnavailable(message, { retryAfterMs })),
);

const ago = (ms: number | null): number | null => (ms === null ? null : performance.now() - ms);
const state: fc.Arbitrary<WatchState> = fc
  .record({
    version: moment,
    snapshot: fc.option(snapshot),
    failure: fc.option(failure),
    nextPollInMs: count,
    ages: fc.tuple(age, age, age),
  })
  .map(({ ages: [attempted, succeeded, missing], ...rest }) => ({
    ...rest,
    attemptedAt: ago(attempted),
    succeededAt: ago(succeeded),
    missingSince: ago(missing),
  }));

const known: WatchState = {
  version: 7,
  snapshot: {
    version: 7,
    task: report('task-1'),
    checkedAt: 1,
    nextCheckAt: 2,
    stale: false,
    finished: false,
    stages: [{ status: 'PROCESS', enteredAt: 1, leftAt: null }],
  },
  failure: null,
  attemptedAt: performance.now(),
  nextPollInMs: 3,
  succeededAt: null,
  missingSince: null,
};

describe('the codec of states', () => {
  test('every state comes back as it was', () => {
    fc.assert(
      fc.property(state, (before) => {
        const after = decode(encodeWatchState(before));
        expect(timeless(after)).toEqual(timeless(before));
        for (const key of ['attemptedAt', 'succeededAt', 'missingSince'] as const) {
          if (before[key] === null) expect(after[key]).toBeNull();
          else expect(Math.abs((after[key] ?? 0) - before[key])).toBeLessThan(500);
        }
        expect(after.failure?.extensions).toEqual(before.failure?.extensions);
        expect(after.failure?.constructor).toBe(before.failure?.constructor);
      }),
    );
  });

  test('an error travels without its cause', () => {
    const cause = new Error('secret');
    const encoded = encodeWatchState({ ...known, failure: new UpstreamUnavailable('A2E is away', { cause }) });
    expect(encoded).not.toContain('secret');
    expect(decode(encoded).failure?.cause).toBeUndefined();
  });

  test('fields that another version of the gateway left out or added do no harm', () => {
    const { color: _, ...less } = report('task-1');
    const wire = JSON.parse(encodeWatchState(known)) as object;
    const more = { ...wire, colour: 'red', snapshot: { ...known.snapshot, task: { ...less, fps: 25 } } };
    expect(timeless(decode(JSON.stringify(more)))).toEqual(timeless(known));
  });

  test('any other value is refused, and pollutes no prototype', () => {
    const garbage = ['', 'x', '1', 'null', '[]', '{}', '"text"', '{"version":1}', '{"__proto__":{"version":1}}'];
    for (const each of garbage) expect(() => decode(each)).toThrow();
    fc.assert(fc.property(fc.json(), (json) => void expect(() => decode(json)).toThrow()));
  });

  test('a wrong type, a value out of range and another format are refused anywhere', () => {
    const wire = JSON.parse(encodeWatchState(known)) as object;
    const ofTask = (change: object): object => ({
      snapshot: { ...known.snapshot, task: { ...report('task-1'), ...change } },
    });
    const stage = { status: 'PROCESS', enteredAt: 1, leftAt: null };
    const wrong: readonly object[] = [
      { format: 1 },
      { format: undefined },
      { version: '7' },
      { version: -1 },
      { ageMs: 9e15 },
      { ageMs: -1 },
      { writtenAt: null },
      { nextPollInMs: 'soon' },
      { nextPollInMs: 1e9 },
      { failure: 'bad' },
      { failure: { code: 'X' } },
      { failure: { code: 'UPSTREAM_RATE_LIMITED', message: '', retryAfterMs: 1e9 } },
      { snapshot: [] },
      { snapshot: { ...known.snapshot, stale: 0 } },
      { snapshot: { ...known.snapshot, finished: null } },
      { snapshot: { ...known.snapshot, checkedAt: 'now' } },
      { snapshot: { ...known.snapshot, stages: {} } },
      { snapshot: { ...known.snapshot, stages: [null] } },
      { snapshot: { ...known.snapshot, stages: Array.from({ length: 65 }, () => stage) } },
      { snapshot: { ...known.snapshot, stages: [{ status: 'DONE', enteredAt: 1 }] } },
      { snapshot: { ...known.snapshot, task: null } },
      ofTask({ id: 'task-2' }),
      ofTask({ status: 'done' }),
      ofTask({ progress: '10' }),
      ofTask({ progress: 101 }),
      ofTask({ backgroundWidth: 2 ** 31 }),
      ofTask({ message: 'x'.repeat(20_000) }),
      ofTask({ resultUrl: { href: 'x' } }),
      ofTask({ resultUrl: 'javascript:alert(1)' }),
    ];
    expect(() => decode(JSON.stringify(wire))).not.toThrow();
    for (const change of wrong) expect(() => decode(JSON.stringify({ ...wire, ...change }))).toThrow();
  });

  test.each([
    ['in the future', 60_000],
    ['too long ago', -26 * 3_600_000],
  ])('a state that was written %s is expired, and its snapshot counts', (_when, byMs) => {
    const wire = JSON.parse(encodeWatchState(known)) as { writtenAt: number };
    const decoded = decode(JSON.stringify({ ...wire, writtenAt: wire.writtenAt + byMs }));
    expect(decoded.snapshot).toEqual(known.snapshot);
    expect(performance.now() - (decoded.attemptedAt ?? 0)).toBeGreaterThan(24 * 3_600_000);
  });
});
