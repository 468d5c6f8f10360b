import { type GatewayError, TaskNotFound, Unauthenticated, UpstreamUnavailable } from '../errors.ts';
import { advanceStages, MAX_STAGES, sameState, type TaskSnapshot, type TaskStage } from './task-snapshot.ts';
import { isFinished, type VideoTask } from './video-task.ts';

/** A failure is no state: it answers those who ask right after it, and no longer than this. */
const FAILURE_FRESH_MS = 1_000;

/** All that is known about one task through one credential; what the gateways of a cluster tell each other. */
export interface WatchState {
  /** Of the tick this came from: see `Cluster.claim`. 0 before the first. */
  readonly version: number;
  /** The last good state, or null when there never was one. */
  readonly snapshot: TaskSnapshot | null;
  /** Why the last check brought nothing: `TaskNotFound` when A2E answered that it knows no such task. */
  readonly failure: GatewayError | null;
  /** When the last check ended, or could not be made, in ms since the epoch; 0 before the first. */
  readonly attemptedAt: number;
  /** When whoever made the last check means to make the next, in ms after it; null: not at all. */
  readonly nextPollInMs: number | null;
}

export const UNKNOWN_STATE: WatchState = {
  version: 0,
  snapshot: null,
  failure: null,
  attemptedAt: 0,
  nextPollInMs: null,
};

/** Whether this will never change again. */
export function isFinal({ snapshot }: WatchState): boolean {
  return snapshot !== null && isFinished(snapshot.task);
}

/** A2E has never shown this task, and just said that it knows none: perhaps not yet. */
export function isNotFound({ snapshot, failure }: WatchState): boolean {
  return snapshot === null && failure instanceof TaskNotFound;
}

/** For how long a state answers queries, in ms. */
export function freshForMs(state: WatchState, intervalMs: number): number {
  const fault = state.snapshot === null && state.failure !== null && !isNotFound(state) && !isUnauthenticated(state);
  return fault ? Math.min(FAILURE_FRESH_MS, intervalMs) : intervalMs;
}

/** The caller's own token was refused, by the last check. */
export function isUnauthenticated(state: WatchState): boolean {
  return state.failure instanceof Unauthenticated && !isFinal(state);
}

/** Whether a watcher who has seen `before` must hear of `after`. */
export function hasChanged(before: WatchState, after: WatchState): boolean {
  if (!before.snapshot || !after.snapshot || isUnauthenticated(before) || isUnauthenticated(after)) return true;
  return !sameState(before.snapshot, after.snapshot);
}

/** The state after an answer that shows the task. */
export function onSuccess(before: WatchState, task: VideoTask, version: number): WatchState {
  const now = Date.now();
  const stages = advanceStages(before.snapshot?.stages ?? [], task.status, now);
  const snapshot = { version, task, checkedAt: now, nextCheckAt: null, stale: false, stages };
  return { version, snapshot, failure: null, attemptedAt: now, nextPollInMs: null };
}

/** The state after a check that brought nothing: the last good one stays, marked stale. */
export function onFailure(before: WatchState, failure: GatewayError, version: number): WatchState {
  const snapshot = before.snapshot && { ...before.snapshot, stale: true, nextCheckAt: null };
  return { version, snapshot, failure, attemptedAt: Date.now(), nextPollInMs: null };
}

/** For whoever has waited too long for a check: what is known, as after a miss. Nothing was tried, so it is true for nobody else. */
export function onQueryTimeout(state: WatchState): WatchState {
  const problem = new UpstreamUnavailable('A2E has not answered in time');
  return withNextCheck(onFailure(state, problem, state.version), state.snapshot?.nextCheckAt ?? null);
}

/**
 * The state after another gateway's newer one. What was confirmed here later than the other knows of stays: the other
 * may have missed it. Its clock may be wrong, so nothing counts as checked in the future.
 */
export function mergePeerState(before: WatchState, heard: WatchState): WatchState {
  const attemptedAt = Math.min(heard.attemptedAt, Date.now());
  const kept = before.snapshot && before.snapshot.version > (heard.snapshot?.version ?? 0) ? before.snapshot : null;
  const snapshot = kept
    ? { ...kept, stale: heard.failure !== null }
    : withEarlierStages(heard.snapshot, before.snapshot);
  return { ...heard, snapshot, attemptedAt };
}

/** With the stages that only this gateway saw, when it has watched for longer than the other. */
function withEarlierStages(heard: TaskSnapshot | null, before: TaskSnapshot | null): TaskSnapshot | null {
  const [first] = heard?.stages ?? [];
  if (!heard || !before || !first) return heard;
  const earlier = before.stages.filter(({ enteredAt }) => enteredAt < first.enteredAt);
  const last = earlier.pop();
  if (!last) return heard;
  // The other came upon the task in the stage that was the present one here, or later.
  const joined =
    last.status === first.status ? [{ ...first, enteredAt: last.enteredAt }] : [closed(last, first), first];
  return { ...heard, stages: [...earlier, ...joined, ...heard.stages.slice(1)].slice(-MAX_STAGES) };
}

function closed(stage: TaskStage, next: TaskStage): TaskStage {
  return { ...stage, leftAt: stage.leftAt ?? next.enteredAt };
}

/** The same state, with the time of the next check; null: none is planned. */
export function withNextCheck(state: WatchState, at: number | null): WatchState {
  const { snapshot } = state;
  if (!snapshot || snapshot.nextCheckAt === at) return state;
  return { ...state, snapshot: { ...snapshot, nextCheckAt: at } };
}

const FINISHED_TTL_MS = 24 * 3_600_000;
const UNFINISHED_TTL_MS = 15 * 60_000;
/** Only for those who ask now: a token that was refused a while ago may be good again. */
const UNAUTHENTICATED_TTL_MS = 1_000;

/** How long a cluster remembers this state, in ms. */
export function ttlMs(state: WatchState): number {
  if (isUnauthenticated(state)) return UNAUTHENTICATED_TTL_MS;
  return isFinal(state) ? FINISHED_TTL_MS : UNFINISHED_TTL_MS;
}
