import { MAX_STAGES, orderStages, type TaskSnapshot, type TaskStage } from './task-snapshot.ts';
import { isComplete, VIDEO_TASK_STATUSES, type VideoTask, type VideoTaskStatus } from './video-task.ts';
import { countWithin, durationUpTo, moment, nullable, record, text, webUrl, within, word } from './wire-values.ts';

const INT_32_MIN = -(2 ** 31);
const INT_32_MAX = 2 ** 31 - 1;
/** An older stage counts as this old, in ms. */
const MAX_STAGE_AGE_MS = 10 * 365 * 24 * 3_600_000;

/**
 * A snapshot for the wire. The gateway's own instants (`checkedAt`, the stages) become ages, because the clock of the
 * reader may differ. A2E's instants stay. `nextCheckAt` does not travel, because every gateway plans its own polls.
 */
export function encodeSnapshot({ version, task, checkedAt, stale, finished, stages }: TaskSnapshot): object {
  const now = Date.now();
  const ageMs = (at: number): number => Math.max(0, Math.round(now - at));
  const aged = stages.map(({ status, enteredAt, leftAt }) => {
    return { status, enteredMsAgo: ageMs(enteredAt), leftMsAgo: leftAt === null ? null : ageMs(leftAt) };
  });
  return { version, task, checkedMsAgo: ageMs(checkedAt), stale, finished, stages: aged };
}

/**
 * Reads the result of {@link encodeSnapshot}; its instants are of this gateway's clock. Throws a `TypeError` at a value
 * of a wrong type or out of range, and at a `finished` that contradicts the task.
 *
 * @param ageMs the time since the snapshot was encoded, in ms
 */
export function decodeSnapshot(value: unknown, ageMs: number): TaskSnapshot {
  const writtenAt = Date.now() - ageMs;
  const snapshot = record(value);
  const { stages, stale, finished } = snapshot;
  if (!Array.isArray(stages) || stages.length > MAX_STAGES) throw new TypeError('not stages');
  if (typeof stale !== 'boolean' || typeof finished !== 'boolean') throw new TypeError('not a snapshot');
  const task = decodeTask(snapshot['task']);
  if (isComplete(task) ? !finished : finished && task.status !== 'SUCCESS') throw new TypeError('not its end');
  return {
    version: countWithin(snapshot['version'], Number.MAX_SAFE_INTEGER),
    task,
    checkedAt: writtenAt - durationUpTo(snapshot['checkedMsAgo'], MAX_STAGE_AGE_MS),
    nextCheckAt: null,
    stale,
    finished,
    stages: orderStages(stages.map((stage) => decodeStage(stage, writtenAt))),
  };
}

function decodeStage(value: unknown, writtenAt: number): TaskStage {
  const stage = record(value);
  const instantOf = (age: unknown): number => writtenAt - durationUpTo(age, MAX_STAGE_AGE_MS);
  return {
    status: statusOf(stage['status']),
    enteredAt: instantOf(stage['enteredMsAgo']),
    leftAt: nullable(stage['leftMsAgo'], instantOf),
  };
}

function decodeTask(value: unknown): VideoTask {
  const task = record(value);
  return {
    id: word(task['id']),
    status: statusOf(task['status']),
    rawStatus: word(task['rawStatus']),
    progress: nullable(task['progress'], (percent) => countWithin(percent, 100)),
    message: nullable(task['message'], (message) => text(message)),
    resultUrl: nullable(task['resultUrl'], webUrl),
    resultPeopleUrl: nullable(task['resultPeopleUrl'], webUrl),
    resultBackgroundUrl: nullable(task['resultBackgroundUrl'], webUrl),
    anchorId: nullable(task['anchorId'], word),
    anchorType: nullable(task['anchorType'], word),
    backgroundWidth: nullable(task['backgroundWidth'], int),
    backgroundHeight: nullable(task['backgroundHeight'], int),
    color: nullable(task['color'], word),
    replaceBackgroundId: nullable(task['replaceBackgroundId'], word),
    customBackgroundId: nullable(task['customBackgroundId'], word),
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
