import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type GatewayError,
  TaskNotFound,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../src/errors.ts';
import { MAX_STAGES, type TaskSnapshot } from '../../src/task/task-snapshot.ts';
import { awaitsResult, isComplete, VIDEO_TASK_STATUSES, type VideoTask } from '../../src/task/video-task.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { decodeWatchState, encodeWatchState } from '../../src/task/watch-state-codec.ts';
import { report } from './scripted-source.ts';

const NOW = Date.now();
const text = fc.option(fc.string({ maxLength: 4_096 }));
const word = fc.option(fc.string({ maxLength: 256 }));
const count = fc.option(fc.nat(1_000_000));
const percent = fc.option(fc.nat(100));
const url = fc.option(fc.webUrl());
const moment = fc.integer({ min: 0, max: 8.64e15 });
const TOPIC = 'own:task-1';
const decode = (encoded: string, ageMs: number | null = 0): WatchState => decodeWatchState(encoded, TOPIC, ageMs);
/** The same state without the times that travel as ages, because an age is rounded. */
function timeless({ attemptedAt: _, succeededAt: __, missingSince: ___, ...rest }: WatchState) {
  const { snapshot } = rest;
  const stages = snapshot?.stages.map(({ status }) => status);
  return { ...rest, snapshot: snapshot && { ...snapshot, checkedAt: 0, nextCheckAt: null, stages } };
}
/** All times of a state that travel as ages, in one order. */
function times({ attemptedAt, succeededAt, missingSince, snapshot }: WatchState): (number | null)[] {
  const stages = snapshot?.stages.flatMap(({ enteredAt, leftAt }) => [enteredAt, leftAt]) ?? [];
  return [attemptedAt, succeededAt, missingSince, snapshot?.checkedAt ?? null, ...stages];
}
afterEach(() => void vi.useRealTimers());
const age = fc.option(fc.nat(60_000));
const status = fc.constantFrom(...VIDEO_TASK_STATUSES);

const task: fc.Arbitrary<VideoTask> = fc.record({
  id: fc.constant('task-1'),
  status,
  rawStatus: fc.string({ maxLength: 256 }),
  progress: percent,
  message: text,
  resultUrl: url,
  resultPeopleUrl: url,
  resultBackgroundUrl: url,
  anchorId: word,
  anchorType: word,
  backgroundWidth: count,
  backgroundHeight: count,
  color: word,
  replaceBackgroundId: word,
  customBackgroundId: word,
  createdAt: fc.option(moment),
  elapsedSeconds: count,
  reportedAt: fc.option(moment),
});

/** A path as the gateway records one: every stage begins where the last one ended. */
const stages = fc
  .array(fc.record({ status, forMs: fc.nat(600_000) }), { minLength: 1, maxLength: MAX_STAGES })
  .map((path) => {
    let at = NOW - path.reduce((sum, { forMs }) => sum + forMs, 0);
    return path.map(({ status: each, forMs }, index) => {
      const enteredAt = at;
      at += forMs;
      return { status: each, enteredAt, leftAt: index === path.length - 1 ? null : at };
    });
  });

const snapshot: fc.Arbitrary<TaskSnapshot> = fc
  .record({
    version: fc.nat(),
    task,
    checkedAt: fc.nat(600_000).map((ms) => NOW - ms),
    nextCheckAt: fc.option(moment),
    stale: fc.boolean(),
    stages,
    graceOver: fc.boolean(),
  })
  .map(({ graceOver, ...rest }) => {
    return { ...rest, finished: isComplete(rest.task) || (awaitsResult(rest.task) && graceOver) };
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
    version: fc.integer({ min: 2 ** 31, max: Number.MAX_SAFE_INTEGER }),
    snapshot: fc.option(snapshot),
    failure: fc.option(failure),
    nextPollInMs: count,
    ages: fc.tuple(age, age, age),
  })
  .map(({ ages: [attempted, succeeded, missing], ...rest }) => ({
    ...rest,
    attemptedAt: ago(attempted),
    succeededAt: rest.snapshot && awaitsResult(rest.snapshot.task) ? ago(succeeded) : null,
    missingSince: rest.failure instanceof TaskNotFound ? ago(missing) : null,
  }));

const known: WatchState = {
  version: 7,
  snapshot: {
    version: 7,
    task: report('task-1'),
    checkedAt: NOW,
    nextCheckAt: null,
    stale: false,
    finished: false,
    stages: [{ status: 'PROCESS', enteredAt: NOW - 1_000, leftAt: null }],
  },
  failure: null,
  attemptedAt: performance.now(),
  nextPollInMs: 3,
  succeededAt: null,
  missingSince: null,
};
/** {@link known} as an object of the wire, to change parts of it. */
const wire = JSON.parse(encodeWatchState(known)) as {
  readonly snapshot: { readonly task: object };
};

describe('the codec of states', () => {
  test('every state comes back as it was', () => {
    fc.assert(
      fc.property(state, (before) => {
        const after = decode(encodeWatchState(before));
        expect(timeless(after)).toEqual(timeless(before));
        const received = times(after);
        for (const [index, at] of times(before).entries()) {
          const time = received[index];
          if (at === null) expect(time).toBeNull();
          else expect(Math.abs((time ?? 0) - at)).toBeLessThan(500);
        }
        expect(after.failure?.extensions).toEqual(before.failure?.extensions);
        expect(after.failure?.constructor).toBe(before.failure?.constructor);
      }),
    );
  });

  test('a failure travels without its cause', () => {
    const cause = new Error('secret');
    const encoded = encodeWatchState({ ...known, failure: new UpstreamUnavailable('A2E is away', { cause }) });
    expect(encoded).not.toContain('secret');
    expect(decode(encoded).failure?.cause).toBeUndefined();
  });

  test('a missing optional field and an unknown field do no harm', () => {
    const { color: _, ...less } = report('task-1');
    const more = { ...wire, colour: 'red', snapshot: { ...wire.snapshot, task: { ...less, fps: 25 } } };
    expect(timeless(decode(JSON.stringify(more)))).toEqual(timeless(known));
  });

  test('any other text is refused', () => {
    const garbage = ['', 'x', '1', 'null', '[]', '{}', '"text"', '{"version":1}', '{"__proto__":{"version":1}}'];
    for (const each of garbage) expect(() => decode(each)).toThrow();
    fc.assert(fc.property(fc.json(), (json) => void expect(() => decode(json)).toThrow()));
  });

  test('a wrong type, a value out of range and another format are refused anywhere', () => {
    const ofSnapshot = (change: object): object => ({ snapshot: { ...wire.snapshot, ...change } });
    const ofTask = (change: object): object => ofSnapshot({ task: { ...wire.snapshot.task, ...change } });
    const stage = { status: 'PROCESS', enteredMsAgo: 1, leftMsAgo: null };
    const wrong: readonly object[] = [
      { format: 1 },
      { format: undefined },
      { version: '7' },
      { version: -1 },
      { version: 7.5 },
      { version: 6 },
      { ageMs: -1 },
      { ageMs: 'now' },
      { nextPollInMs: 'soon' },
      { nextPollInMs: -1 },
      { failure: 'bad' },
      { failure: { code: 'X' } },
      { failure: { code: 'UPSTREAM_RATE_LIMITED', message: '', retryAfterMs: '9' } },
      { failure: { code: 'UPSTREAM_UNAVAILABLE', message: 'x'.repeat(4_097) } },
      { snapshot: [] },
      ofSnapshot({ stale: 0 }),
      ofSnapshot({ finished: null }),
      ofSnapshot({ finished: true }),
      ofSnapshot({ checkedMsAgo: 'now' }),
      ofSnapshot({ checkedMsAgo: -1 }),
      ofSnapshot({ stages: {} }),
      ofSnapshot({ stages: [null] }),
      ofSnapshot({ stages: Array.from({ length: MAX_STAGES + 1 }, () => stage) }),
      ofSnapshot({ stages: [{ ...stage, status: 'DONE' }] }),
      ofSnapshot({ stages: [{ ...stage, enteredMsAgo: -1 }] }),
      ofSnapshot({ task: null }),
      ofTask({ id: 'task-2' }),
      ofTask({ status: 'done' }),
      ofTask({ status: 'FAIL' }),
      ofTask({ rawStatus: 'x'.repeat(257) }),
      ofTask({ progress: '10' }),
      ofTask({ progress: 101 }),
      ofTask({ progress: -1 }),
      ofTask({ progress: 50.5 }),
      ofTask({ backgroundWidth: 2 ** 31 }),
      ofTask({ elapsedSeconds: 0.5 }),
      ofTask({ createdAt: 9e15 }),
      ofTask({ message: 'x'.repeat(4_097) }),
      ofTask({ color: 'x'.repeat(257) }),
      ofTask({ resultUrl: { href: 'x' } }),
      ofTask({ resultUrl: 'javascript:alert(1)' }),
      ofTask({ resultUrl: `https://a2e.example/${'x'.repeat(8_192)}` }),
    ];
    expect(() => decode(JSON.stringify(wire))).not.toThrow();
    for (const change of wrong) expect(() => decode(JSON.stringify({ ...wire, ...change }))).toThrow();
  });

  test('a duration past its bound counts as the bound', () => {
    const failure = { code: 'UPSTREAM_RATE_LIMITED', message: '', retryAfterMs: 1e12 };
    const decoded = decode(JSON.stringify({ ...wire, failure, nextPollInMs: 1e12, ageMs: 1e15 }));
    expect(decoded).toMatchObject({ failure: { retryAfterMs: 300_000 }, nextPollInMs: 3_600_000 });
    expect(performance.now() - (decoded.attemptedAt ?? 0)).toBeLessThan(26 * 3_600_000);
  });

  test('stages in any order come in the order of time, with only the last one present', () => {
    const path = [
      { status: 'INIT', enteredMsAgo: 1_000, leftMsAgo: null },
      { status: 'PENDING', enteredMsAgo: 9_000, leftMsAgo: 20_000 },
      { status: 'PROCESS', enteredMsAgo: 0, leftMsAgo: 0 },
    ];
    const { snapshot: decoded } = decode(JSON.stringify({ ...wire, snapshot: { ...wire.snapshot, stages: path } }));
    const [first, second, third] = decoded?.stages ?? [];
    expect(first?.leftAt).toBe(first?.enteredAt);
    expect(second?.enteredAt).toBe(first?.enteredAt);
    expect(second?.leftAt).toBe(second?.enteredAt);
    expect(third).toMatchObject({ status: 'PROCESS', enteredAt: (first?.enteredAt ?? 0) + 1_000, leftAt: null });
  });

  test.each([
    ['succeededForMs', 'succeededAt'],
    ['missingForMs', 'missingSince'],
  ] as const)('%s counts only beside its condition', (key, field) => {
    expect(decode(JSON.stringify({ ...wire, [key]: 400_000 }))[field]).toBeNull();
  });

  test.each([-3_600_000, -20_000, 3_600_000])('the clock of the writer is %i ms off: no time changes', (byMs) => {
    vi.useFakeTimers({ now: NOW });
    const at = performance.now();
    const own: WatchState = {
      ...known,
      attemptedAt: at - 500,
      failure: new TaskNotFound(''),
      missingSince: at - 2_000,
    };
    vi.setSystemTime(NOW + byMs);
    const skewed = encodeWatchState({
      ...own,
      snapshot: own.snapshot && {
        ...own.snapshot,
        checkedAt: NOW + byMs,
        stages: own.snapshot.stages.map((stage) => ({ ...stage, enteredAt: stage.enteredAt + byMs })),
      },
    });
    vi.setSystemTime(NOW);
    expect(decode(skewed)).toEqual(own);
  });

  test('the time since writing makes a state older for freshness and for people, and ends no grace', () => {
    vi.useFakeTimers({ now: NOW });
    const now = performance.now();
    const own = { ...known, attemptedAt: now - 500, failure: new TaskNotFound(''), missingSince: now - 2_000 };
    const decoded = decode(encodeWatchState(own), 60_000);
    expect(decoded).toMatchObject({ attemptedAt: now - 60_500, missingSince: now - 2_000 });
    expect(decoded.snapshot).toMatchObject({
      checkedAt: NOW - 60_000,
      stages: [{ status: 'PROCESS', enteredAt: NOW - 61_000 }],
    });
  });

  test('a state of unknown age is not fresh', () => {
    expect(decode(encodeWatchState(known), null)).toMatchObject({ attemptedAt: null, snapshot: { version: 7 } });
  });
});
