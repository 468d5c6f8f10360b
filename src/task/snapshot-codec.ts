import { MAX_STAGES, type TaskSnapshot, type TaskStage } from './task-snapshot.ts';
import { VIDEO_TASK_STATUSES, type VideoTask, type VideoTaskStatus } from './video-task.ts';
import { countWithin, moment, nullable, record, text, webUrl, within } from './wire-values.ts';

const INT_32_MIN = -(2 ** 31);
const INT_32_MAX = 2 ** 31 - 1;

/** Reads a snapshot from another gateway. Throws a `TypeError` at a value of a wrong type or out of range. */
export function decodeSnapshot(value: unknown): TaskSnapshot {
  const snapshot = record(value);
  const { stages, stale, finished } = snapshot;
  if (!Array.isArray(stages) || stages.length > MAX_STAGES) throw new TypeError('not stages');
  if (typeof stale !== 'boolean' || typeof finished !== 'boolean') throw new TypeError('not a snapshot');
  return {
    version: countWithin(snapshot['version'], Number.MAX_SAFE_INTEGER),
    task: decodeTask(snapshot['task']),
    checkedAt: moment(snapshot['checkedAt']),
    nextCheckAt: nullable(snapshot['nextCheckAt'], moment),
    stale,
    finished,
    stages: stages.map(decodeStage),
  };
}

function decodeStage(value: unknown): TaskStage {
  const stage = record(value);
  return {
    status: statusOf(stage['status']),
    enteredAt: moment(stage['enteredAt']),
    leftAt: nullable(stage['leftAt'], moment),
  };
}

function decodeTask(value: unknown): VideoTask {
  const task = record(value);
  return {
    id: text(task['id']),
    status: statusOf(task['status']),
    rawStatus: text(task['rawStatus']),
    progress: nullable(task['progress'], (percent) => countWithin(percent, 100)),
    message: nullable(task['message'], text),
    resultUrl: nullable(task['resultUrl'], webUrl),
    resultPeopleUrl: nullable(task['resultPeopleUrl'], webUrl),
    resultBackgroundUrl: nullable(task['resultBackgroundUrl'], webUrl),
    anchorId: nullable(task['anchorId'], text),
    anchorType: nullable(task['anchorType'], text),
    backgroundWidth: nullable(task['backgroundWidth'], int),
    backgroundHeight: nullable(task['backgroundHeight'], int),
    color: nullable(task['color'], text),
    replaceBackgroundId: nullable(task['replaceBackgroundId'], text),
    customBackgroundId: nullable(task['customBackgroundId'], text),
    createdAt: nullable(task['createdAt'], moment),
    elapsedSeconds: nullable(task['elapsedSeconds'], int),
    reportedAt: nullable(task['reportedAt'], moment),
  };
}

function statusOf(value: unknown): VideoTaskStatus {
  const status = VIDEO_TASK_STATUSES.find((known) => known === value);
  if (!status) throw new TypeError('not a status');
  return status;
}

function int(value: unknown): number {
  return within(value, INT_32_MIN, INT_32_MAX);
}
