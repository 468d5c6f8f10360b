import { describe, expect, test } from 'vitest';
import { TaskNotFound, UpstreamUnavailable } from '../../src/errors.ts';
import { mergePeerState } from '../../src/task/merge-peer-state.ts';
import { advanceStages, type TaskSnapshot } from '../../src/task/task-snapshot.ts';
import type { VideoTaskStatus } from '../../src/task/video-task.ts';
import { UNKNOWN_STATE, type WatchState } from '../../src/task/watch-state.ts';
import { report } from './scripted-source.ts';

const NOW = Date.now();
type Path = readonly (readonly [status: VideoTaskStatus, enteredAt: number])[];

function snapshotOf(version: number, path: Path): TaskSnapshot {
  const stages = path.reduce(
    (before, [status, at]) => advanceStages(before, status, NOW + at),
    [] as TaskSnapshot['stages'],
  );
  const task = report('task', path.at(-1)?.[0]);
  return { version, task, checkedAt: NOW, nextCheckAt: null, stale: false, finished: false, stages };
}

function stateOf(version: number, path: Path, rest: Partial<WatchState> = {}): WatchState {
  const attemptedAt = performance.now();
  return { ...UNKNOWN_STATE, version, snapshot: snapshotOf(version, path), attemptedAt, ...rest };
}

/** The statuses of the merged path. Its instants never go back. */
function merged(own: Path, peer: Path): string[] {
  const stages = mergePeerState(stateOf(1, own), stateOf(2, peer)).snapshot?.stages ?? [];
  for (const [at, { enteredAt, leftAt }] of stages.entries()) {
    const next = stages[at + 1];
    if (next) expect(next.enteredAt).toBeGreaterThanOrEqual(leftAt ?? Number.NaN);
    else expect(leftAt).toBeNull();
    expect(leftAt ?? enteredAt).toBeGreaterThanOrEqual(enteredAt);
  }
  return stages.map(({ status }) => status);
}

describe.each([0, 3_600_000, -3_600_000])('paths of two gateways whose clocks differ by %i ms', (skew) => {
  const shifted = (path: Path): Path => path.map(([status, at]) => [status, at + skew]);

  test.each<[name: string, own: Path, peer: Path, path: VideoTaskStatus[]]>([
    [
      'equal',
      [
        ['PENDING', -9],
        ['PROCESS', -5],
      ],
      [
        ['PENDING', -8],
        ['PROCESS', -4],
      ],
      ['PENDING', 'PROCESS'],
    ],
    [
      'peer is later',
      [
        ['INIT', -9],
        ['PENDING', -7],
      ],
      [
        ['PENDING', -6],
        ['PROCESS', -5],
      ],
      ['INIT', 'PENDING', 'PROCESS'],
    ],
    [
      'peer is earlier',
      [['PROCESS', -5]],
      [
        ['INIT', -9],
        ['PROCESS', -6],
        ['COPY', -2],
      ],
      ['INIT', 'PROCESS', 'COPY'],
    ],
    [
      'a status comes again',
      [
        ['PENDING', -9],
        ['PROCESS', -8],
        ['PENDING', -7],
      ],
      [
        ['PENDING', -6],
        ['PROCESS', -5],
      ],
      ['PENDING', 'PROCESS', 'PENDING', 'PROCESS'],
    ],
  ])('%s', (_name, own, peer, path) => {
    expect(merged(own, shifted(peer))).toEqual(path);
  });
});

test('paths without a common stage follow each other', () => {
  expect(merged([['INIT', -9]], [['PROCESS', -5]])).toEqual(['INIT', 'PROCESS']);
});

test('a stage keeps its instant when a peer reports it a moment later', () => {
  const own = stateOf(1, [
    ['PENDING', -9_000],
    ['PROCESS', -5_000],
  ]);
  const peer = stateOf(2, [
    ['PENDING', -8_990],
    ['PROCESS', -4_990],
  ]);
  expect(mergePeerState(own, peer).snapshot?.stages).toEqual(own.snapshot?.stages);
});

test('a wall clock that stepped back records no stage before the last one', () => {
  const stages = advanceStages(advanceStages([], 'PENDING', NOW), 'PROCESS', NOW - 3_600_000);
  expect(stages).toEqual([
    { status: 'PENDING', enteredAt: NOW, leftAt: NOW },
    { status: 'PROCESS', enteredAt: NOW, leftAt: null },
  ]);
});

describe('the graces of a task', () => {
  const at = performance.now();
  const success = { task: report('task', 'SUCCESS', { resultUrl: null }) };
  const awaiting = (version: number, succeededAt: number): WatchState => {
    const state = stateOf(version, [['SUCCESS', -5]], { succeededAt });
    return { ...state, snapshot: state.snapshot && { ...state.snapshot, ...success } };
  };

  test('a SUCCESS keeps its earliest time', () => {
    expect(mergePeerState(awaiting(1, at - 9_000), awaiting(2, at - 4_000)).succeededAt).toBe(at - 9_000);
    expect(mergePeerState(awaiting(1, at - 4_000), awaiting(2, at - 9_000)).succeededAt).toBe(at - 9_000);
  });

  test('a SUCCESS that a failing peer has missed keeps its time', () => {
    const peer: WatchState = {
      ...UNKNOWN_STATE,
      version: 3,
      failure: new UpstreamUnavailable('down'),
      attemptedAt: at,
    };
    expect(mergePeerState(awaiting(2, at - 9_000), peer)).toMatchObject({
      succeededAt: at - 9_000,
      snapshot: { stale: true },
    });
  });

  test('a SUCCESS that is over has no time', () => {
    expect(mergePeerState(awaiting(1, at - 9_000), stateOf(2, [['PROCESS', -1]])).succeededAt).toBeNull();
  });

  test('an unknown task keeps its time through a peer that has never seen it, and loses it by any other result', () => {
    const own = stateOf(1, [['PROCESS', -5]], { failure: new TaskNotFound(''), missingSince: at - 9_000 });
    const unknown: WatchState = { ...UNKNOWN_STATE, version: 2, failure: new TaskNotFound(''), attemptedAt: at };
    expect(mergePeerState(own, unknown).missingSince).toBe(at - 9_000);
    expect(mergePeerState(own, { ...unknown, failure: new UpstreamUnavailable('') }).missingSince).toBeNull();
    expect(mergePeerState(own, stateOf(2, [['PROCESS', -5]])).missingSince).toBeNull();
  });
});
