import type { VideoTask, VideoTaskStatus } from './video-task.ts';

/** One stage of a task's path, as the gateway saw it. Times in ms since the epoch. */
export interface TaskStage {
  readonly status: VideoTaskStatus;
  readonly enteredAt: number;
  /** null for the present stage. */
  readonly leftAt: number | null;
}

/** A task as A2E last reported it, with the gateway's facts about that report. Times in ms since the epoch. */
export interface TaskSnapshot {
  /** Orders the snapshots of one task: see `Cluster.claim`. */
  readonly version: number;
  readonly task: VideoTask;
  /** When A2E last confirmed this state. */
  readonly checkedAt: number;
  /** null when the task has finished or has no watcher. */
  readonly nextCheckAt: number | null;
  /** The last poll failed: this is the last good state. */
  readonly stale: boolean;
  /** The state will not change any more: FAIL, or SUCCESS with its result or after the grace for one. */
  readonly finished: boolean;
  /** Oldest first, the present stage last; at most {@link MAX_STAGES}. */
  readonly stages: readonly TaskStage[];
}

/** Bounds the memory of a task with a status that keeps changing: the oldest stages are dropped. */
export const MAX_STAGES = 64;

/** The path after `status` was seen at `now`, or at its latest instant if the wall clock has stepped back since. */
export function advanceStages(
  stages: readonly TaskStage[],
  status: VideoTaskStatus,
  now: number,
): readonly TaskStage[] {
  const present = stages.at(-1);
  if (present?.status === status) return stages;
  const at = Math.max(now, present?.enteredAt ?? now);
  const past = present ? [...stages.slice(0, -1), { ...present, leftAt: at }] : [];
  return [...past, { status, enteredAt: at, leftAt: null }].slice(-MAX_STAGES);
}

/**
 * The same path with instants that never go back, and with a `leftAt` in every stage but the last. Instants of two clocks, or of one
 * that has stepped, may stand in any order.
 */
export function orderStages(stages: readonly TaskStage[]): readonly TaskStage[] {
  const ordered: TaskStage[] = [];
  for (const { status, enteredAt, leftAt } of stages) {
    const before = ordered.at(-1);
    const entered = Math.max(enteredAt, before?.enteredAt ?? enteredAt);
    if (before) ordered[ordered.length - 1] = { ...before, leftAt: Math.min(before.leftAt ?? entered, entered) };
    ordered.push({ status, enteredAt: entered, leftAt: leftAt === null ? null : Math.max(leftAt, entered) });
  }
  const last = ordered.pop();
  return last ? [...ordered, { ...last, leftAt: null }] : [];
}

/** Fields that differ in every answer, so that a change of them alone is no change of the state. */
const VOLATILE: ReadonlySet<string> = new Set<keyof VideoTask>(['elapsedSeconds', 'reportedAt']);

/** Whether two reports of one task are equal in all fields but the volatile ones. */
export function sameReport(a: VideoTask, b: VideoTask): boolean {
  if (a === b) return true;
  for (const field in a) {
    if (a[field as keyof VideoTask] !== b[field as keyof VideoTask] && !VOLATILE.has(field)) return false;
  }
  return true;
}

/** Whether `b` brings no change to a client that has received `a`. */
export function sameState(a: TaskSnapshot, b: TaskSnapshot): boolean {
  return a.stale === b.stale && a.finished === b.finished && sameReport(a.task, b.task);
}
