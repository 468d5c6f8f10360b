import { type GatewayError, TaskNotFound, Unauthenticated } from '../errors.ts';
import { advanceStages, sameState, type TaskSnapshot } from './task-snapshot.ts';
import { isFinished, type VideoTask } from './video-task.ts';

/** All that is known about one task through one credential; what the gateways of a cluster tell each other. */
export interface WatchState {
  /** Of the tick this came from: see `Cluster.claim`. 0 before the first. */
  readonly version: number;
  /** The last good state, or null when there never was one. */
  readonly snapshot: TaskSnapshot | null;
  /** Why the last check brought nothing: `TaskNotFound` when A2E answered that it knows no such task. */
  readonly problem: GatewayError | null;
  /** When the last check ended, in ms since the epoch; 0 before the first. */
  readonly attemptedAt: number;
  /** When whoever made the last check means to make the next, in ms after it; null: not at all. */
  readonly nextInMs: number | null;
}

export const UNKNOWN_STATE: WatchState = {
  version: 0,
  snapshot: null,
  problem: null,
  attemptedAt: 0,
  nextInMs: null,
};

/** Whether this will never change again. */
export function isFinal({ snapshot }: WatchState): boolean {
  return snapshot !== null && isFinished(snapshot.task);
}

/** A2E has never shown this task, and just said that it knows none: perhaps not yet. */
export function isMissing({ snapshot, problem }: WatchState): boolean {
  return snapshot === null && problem instanceof TaskNotFound;
}

/** Whether a watcher who has seen `before` must hear of `after`. */
export function isNews(before: WatchState, after: WatchState): boolean {
  if (!before.snapshot || !after.snapshot || after.problem instanceof Unauthenticated) return true;
  return !sameState(before.snapshot, after.snapshot);
}

/** The state after an answer that shows the task. */
export function afterReport(before: WatchState, task: VideoTask, version: number): WatchState {
  const now = Date.now();
  const stages = advanceStages(before.snapshot?.stages ?? [], task.status, now);
  const snapshot = { version, task, checkedAt: now, nextCheckAt: null, stale: false, stages };
  return { version, snapshot, problem: null, attemptedAt: now, nextInMs: null };
}

/** The state after a check that brought nothing: the last good one stays, marked stale. */
export function afterMiss(before: WatchState, problem: GatewayError, version: number): WatchState {
  const snapshot = before.snapshot && { ...before.snapshot, stale: true, nextCheckAt: null };
  return { version, snapshot, problem, attemptedAt: Date.now(), nextInMs: null };
}

/** The state after another gateway's newer one: what is known here stays when the other knew no more than a problem. */
export function afterHearing(before: WatchState, heard: WatchState): WatchState {
  if (heard.snapshot || !before.snapshot || !heard.problem) return heard;
  return { ...heard, snapshot: { ...before.snapshot, stale: true, nextCheckAt: null } };
}

/** The same state, with the time of the next check; null: none is planned. */
export function withNextCheck(state: WatchState, at: number | null): WatchState {
  const { snapshot } = state;
  if (!snapshot || snapshot.nextCheckAt === at) return state;
  return { ...state, snapshot: { ...snapshot, nextCheckAt: at } };
}
