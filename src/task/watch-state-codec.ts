import {
  type GatewayError,
  TaskNotFound,
  Unauthenticated,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import type { TaskSnapshot, TaskStage } from './task-snapshot.ts';
import { VIDEO_TASK_STATUSES, type VideoTask, type VideoTaskStatus } from './video-task.ts';
import type { WatchState } from './watch-state.ts';

/** The last moment that a `Date` can hold, in ms since the epoch (ECMA-262, "Time Values and Time Range"). */
const LAST_MOMENT = 8.64e15;

/** Writes a state for the other gateways. It holds what A2E said of the task, and no token. */
export function encodeWatchState(state: WatchState): string {
  const { version, snapshot, failure, attemptedAt, nextPollInMs } = state;
  const problem = failure && encodeFailure(failure);
  return JSON.stringify({ version, snapshot, problem, attemptedAt, nextInMs: nextPollInMs });
}

/**
 * Reads what {@link encodeWatchState} wrote. Throws a `TypeError` or `SyntaxError` at anything else; but what may be
 * null may also be absent, and unknown keys are dropped, so that two versions of the gateway understand each other.
 */
export function decodeWatchState(text: string): WatchState {
  const state = record(JSON.parse(text));
  return {
    version: number(state['version']),
    snapshot: nullable(state['snapshot'], decodeSnapshot),
    failure: nullable(state['problem'], decodeFailure),
    attemptedAt: moment(state['attemptedAt']),
    nextPollInMs: nullable(state['nextInMs'], number),
  };
}

/** A problem as it travels between gateways: no cause, no stack. */
function encodeFailure(problem: GatewayError): object {
  const retryAfterMs = 'retryAfterMs' in problem ? problem.retryAfterMs : null;
  return { code: problem.code, message: problem.message, retryAfterMs };
}

function decodeFailure(value: unknown): GatewayError {
  const problem = record(value);
  const message = string(problem['message']);
  const retryAfterMs = nullable(problem['retryAfterMs'], number);
  switch (string(problem['code'])) {
    case 'TASK_NOT_FOUND':
      return new TaskNotFound(message);
    case 'UNAUTHENTICATED':
      return new Unauthenticated(message);
    case 'UPSTREAM_RATE_LIMITED':
      return new UpstreamRateLimited(message, { retryAfterMs });
    case 'UPSTREAM_BAD_RESPONSE':
      return new UpstreamBadResponse(message);
    default:
      return new UpstreamUnavailable(message, { retryAfterMs });
  }
}

function decodeSnapshot(value: unknown): TaskSnapshot {
  const snapshot = record(value);
  const { stages, stale } = snapshot;
  if (!Array.isArray(stages) || typeof stale !== 'boolean') throw new TypeError('not a snapshot');
  return {
    version: number(snapshot['version']),
    task: decodeTask(snapshot['task']),
    checkedAt: moment(snapshot['checkedAt']),
    nextCheckAt: nullable(snapshot['nextCheckAt'], moment),
    stale,
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
    id: string(task['id']),
    status: statusOf(task['status']),
    rawStatus: string(task['rawStatus']),
    progress: nullable(task['progress'], number),
    message: nullable(task['message'], string),
    resultUrl: nullable(task['resultUrl'], string),
    resultPeopleUrl: nullable(task['resultPeopleUrl'], string),
    resultBackgroundUrl: nullable(task['resultBackgroundUrl'], string),
    anchorId: nullable(task['anchorId'], string),
    anchorType: nullable(task['anchorType'], string),
    backgroundWidth: nullable(task['backgroundWidth'], number),
    backgroundHeight: nullable(task['backgroundHeight'], number),
    color: nullable(task['color'], string),
    replaceBackgroundId: nullable(task['replaceBackgroundId'], string),
    customBackgroundId: nullable(task['customBackgroundId'], string),
    createdAt: nullable(task['createdAt'], moment),
    elapsedSeconds: nullable(task['elapsedSeconds'], number),
    reportedAt: nullable(task['reportedAt'], moment),
  };
}

function nullable<T>(value: unknown, decode: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : decode(value);
}

function statusOf(value: unknown): VideoTaskStatus {
  const status = VIDEO_TASK_STATUSES.find((known) => known === value);
  if (!status) throw new TypeError('not a status');
  return status;
}

function moment(value: unknown): number {
  if (Math.abs(number(value)) > LAST_MOMENT) throw new TypeError('not a moment');
  return number(value);
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value)) throw new TypeError('not a number');
  return value;
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('not a string');
  return value;
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new TypeError('not an object');
  return { ...value };
}
