import type { VideoTask, VideoTaskStatus } from './video-task.ts';

/** One stretch of a task's path, as the gateway saw it. Times in ms since the epoch. */
export interface TaskStage {
  readonly status: VideoTaskStatus;
  readonly enteredAt: number;
  /** null for the present stage. */
  readonly leftAt: number | null;
}

/** A task as A2E last reported it, and what the gateway knows about that report. Times in ms since the epoch. */
export interface TaskSnapshot {
  /** Orders the snapshots of one task: see `Cluster.claim`. */
  readonly version: number;
  readonly task: VideoTask;
  /** When upstream last confirmed this state. */
  readonly checkedAt: number;
  /** null when the task has finished or nobody watches it. */
  readonly nextCheckAt: number | null;
  /** The last check failed: this is the last good state. */
  readonly stale: boolean;
  /** Oldest first, the present stage last; at most {@link MAX_STAGES}. */
  readonly stages: readonly TaskStage[];
}

/** Bounds the memory of a task whose status keeps going back and forth: the oldest stages are dropped. */
export const MAX_STAGES = 64;

/** The path after `status` was seen at `at`. */
export function advanceStages(stages: readonly TaskStage[], status: VideoTaskStatus, at: number): readonly TaskStage[] {
  const present = stages.at(-1);
  if (present?.status === status) return stages;
  const past = present ? [...stages.slice(0, -1), { ...present, leftAt: at }] : [];
  return [...past, { status, enteredAt: at, leftAt: null }].slice(-MAX_STAGES);
}

/** Fields that differ in every answer and so are no change by themselves. */
const VOLATILE: ReadonlySet<string> = new Set<keyof VideoTask>(['elapsedSeconds', 'reportedAt']);

/** Whether two reports of one task show the same state: all is equal but what grows with the clock. */
export function sameReport(a: VideoTask, b: VideoTask): boolean {
  if (a === b) return true;
  for (const field in a) {
    if (!VOLATILE.has(field) && a[field as keyof VideoTask] !== b[field as keyof VideoTask]) return false;
  }
  return true;
}

/** Whether a watcher who has seen `a` learns nothing from `b`. */
export function sameState(a: TaskSnapshot, b: TaskSnapshot): boolean {
  return a.stale === b.stale && sameReport(a.task, b.task);
}
