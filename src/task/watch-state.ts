import { Forbidden, type GatewayError, noResponseInTime, TaskNotFound, Unauthenticated } from '../errors.ts';
import type { PollIntervalOptions } from './poll-interval-policy.ts';
import { advanceStages, sameState, type TaskSnapshot } from './task-snapshot.ts';
import { awaitsResult, isComplete, type VideoTask } from './video-task.ts';

/** A failure answers the queries that arrive right after it, and no longer than this, in ms. */
const FAILURE_FRESH_MS = 1_000;
/** A task seen before is gone when A2E calls it unknown for this long without showing it, in ms. */
const GONE_AFTER_MS = 5 * 60_000;
/** The grace for the result of a SUCCESS, in intervals and at least in ms. */
const RESULT_GRACE_INTERVALS = 10;
const MIN_RESULT_GRACE_MS = 30_000;

/**
 * All that is known about one task through one credential; the gateways of a cluster exchange it. Times are monotonic ms
 * of this process (`performance.now()`); the codec turns them into ages.
 */
export interface WatchState {
  /** The version of the tick that the state came from: see `Cluster.claim`. 0 before the first poll. */
  readonly version: number;
  /** The last good state; null when there is none. */
  readonly snapshot: TaskSnapshot | null;
  /** Why the last poll brought no state: `TaskNotFound` when A2E answered that it knows no such task. */
  readonly failure: GatewayError | null;
  /** When the last poll ended, or could not be made; null before the first. */
  readonly attemptedAt: number | null;
  /** The publisher's delay until its next poll, in ms after `attemptedAt`; null: none is planned. */
  readonly nextPollInMs: number | null;
  /** When A2E first reported SUCCESS without a result; null when the last report is no such SUCCESS. */
  readonly succeededAt: number | null;
  /** Since when A2E has called a task that it has shown before unknown, without another answer; null: it does not. */
  readonly missingSince: number | null;
}

export const UNKNOWN_STATE: WatchState = {
  version: 0,
  snapshot: null,
  failure: null,
  attemptedAt: null,
  nextPollInMs: null,
  succeededAt: null,
  missingSince: null,
};

/** The state will not change any more. */
export function isFinal({ snapshot }: WatchState): boolean {
  return snapshot?.finished ?? false;
}

/** A2E does not show this task: it knows no such task (perhaps not yet), or it has forgotten the task. */
export function isNotFound({ snapshot, failure }: WatchState): boolean {
  return snapshot === null && failure instanceof TaskNotFound;
}

/** A2E denies access to a task that it has never shown. */
export function isDenied({ snapshot, failure }: WatchState): boolean {
  return snapshot === null && failure instanceof Forbidden;
}

/** A2E has called a task unknown for so long that the last good state counts no more. */
export function isGone({ snapshot, failure, missingSince }: WatchState): boolean {
  return snapshot === null && failure instanceof TaskNotFound && missingSince !== null;
}

/** The last poll found the caller's own token refused. */
export function isUnauthenticated(state: WatchState): boolean {
  return state.failure instanceof Unauthenticated && !isFinal(state);
}

/** Whether the state needs no poll now: it is final, or young enough to answer queries. */
export function isFresh(state: WatchState, intervalMs: number): boolean {
  if (isFinal(state)) return true;
  const { attemptedAt } = state;
  return attemptedAt !== null && performance.now() - attemptedAt < freshForMs(state, intervalMs);
}

/** How long a state answers queries, in ms. */
function freshForMs(state: WatchState, intervalMs: number): number {
  const definitive = isNotFound(state) || isDenied(state) || isUnauthenticated(state);
  const failed = state.snapshot === null && state.failure !== null && !definitive;
  return failed ? Math.min(FAILURE_FRESH_MS, intervalMs) : intervalMs;
}

/** Whether an observer that has received `before` must receive `after`. */
export function hasChanged(before: WatchState, after: WatchState): boolean {
  if (!before.snapshot || !after.snapshot || isUnauthenticated(before) || isUnauthenticated(after)) return true;
  return !sameState(before.snapshot, after.snapshot);
}

/** The state after an answer that shows the task. */
export function onSuccess(
  before: WatchState,
  task: VideoTask,
  version: number,
  intervals: PollIntervalOptions,
): WatchState {
  const [now, instant] = [performance.now(), Date.now()];
  const stages = advanceStages(before.snapshot?.stages ?? [], task.status, instant);
  const succeededAt = awaitsResult(task) ? (before.succeededAt ?? now) : null;
  const finished = isComplete(task) || isResultOverdue(succeededAt, now, intervals);
  const snapshot = { version, task, checkedAt: instant, nextCheckAt: null, stale: false, finished, stages };
  return { ...UNKNOWN_STATE, version, snapshot, attemptedAt: now, succeededAt };
}

/**
 * The state after a poll that brought none: the last good one stays, marked stale, until it counts no more. The first poll
 * after the grace of a SUCCESS without its result finishes the task, also when it fails.
 */
export function onFailure(
  before: WatchState,
  failure: GatewayError,
  version: number,
  intervals: PollIntervalOptions,
): WatchState {
  const now = performance.now();
  const held = onHeldBack(before, failure);
  const isMissing = failure instanceof TaskNotFound && (held.snapshot !== null || isGone(before));
  // Any other failure breaks the run, because an outage is no evidence about the task.
  const missingSince = isMissing ? (before.missingSince ?? now) : null;
  const after = { ...held, version, missingSince };
  if (missingSince !== null && now - missingSince >= GONE_AFTER_MS) return { ...after, snapshot: null };
  const { snapshot, succeededAt } = after;
  if (!snapshot || !isResultOverdue(succeededAt, now, intervals)) return after;
  return { ...after, failure: null, snapshot: { ...snapshot, finished: true, stale: false } };
}

/**
 * The state when a poll was due and the scheduler held it back. It finishes no task, because the other gateways learn only
 * of the polls that have a version, and is no evidence about a task that A2E calls unknown.
 */
export function onHeldBack(before: WatchState, failure: GatewayError): WatchState {
  const { snapshot: last } = before;
  const snapshot = last && { ...last, stale: true, nextCheckAt: null };
  return { ...before, failure, snapshot, attemptedAt: performance.now(), nextPollInMs: null };
}

/** The result for a query that timed out waiting: the last known state, marked stale. Not stored, since no call failed. */
export function onQueryTimeout(state: WatchState): WatchState {
  return withNextCheck(onHeldBack(state, noResponseInTime()), state.snapshot?.nextCheckAt ?? null);
}

function isResultOverdue(succeededAt: number | null, now: number, { intervalMs }: PollIntervalOptions): boolean {
  const graceMs = Math.max(MIN_RESULT_GRACE_MS, RESULT_GRACE_INTERVALS * intervalMs);
  return succeededAt !== null && now - succeededAt >= graceMs;
}

/** An instant of the next poll that differs by less, in ms, is the same one: the two clocks never agree to the ms. */
const SAME_INSTANT_MS = 50;

/**
 * The instant of the next poll, which is planned in so many ms; null: none is. The instant that was shown stays while it is
 * true, because a new one would make a new snapshot, and with it a new response, for every query.
 */
export function nextCheckInstant(shown: number | null, plannedInMs: number | null): number {
  if (plannedInMs === null) return shown ?? Date.now();
  const planned = Math.round(Date.now() + plannedInMs);
  return shown !== null && Math.abs(planned - shown) < SAME_INSTANT_MS ? shown : planned;
}

/** The same state, with the instant of the next poll; null: none is planned. */
export function withNextCheck(state: WatchState, at: number | null): WatchState {
  const { snapshot } = state;
  if (!snapshot || snapshot.nextCheckAt === at) return state;
  return { ...state, snapshot: { ...snapshot, nextCheckAt: at } };
}

const FINISHED_TTL_MS = 24 * 3_600_000;
const UNFINISHED_TTL_MS = 15 * 60_000;
/** Only for queries that arrive now, because a token that was refused a while ago may be good again. */
const UNAUTHENTICATED_TTL_MS = 1_000;

/** How long a cluster stores this state, in ms. */
export function ttlMs(state: WatchState): number {
  if (isUnauthenticated(state)) return UNAUTHENTICATED_TTL_MS;
  return isFinal(state) ? FINISHED_TTL_MS : UNFINISHED_TTL_MS;
}
