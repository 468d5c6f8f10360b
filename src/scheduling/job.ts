import type { GatewayError, UpstreamError } from '../errors.ts';
import type { PollRhythm } from './poll-spread.ts';

/** The end of a call. `skipped`: A2E was not called, because another gateway polls this tick. */
export type CallOutcome =
  | { readonly kind: 'answered' }
  | { readonly kind: 'skipped' }
  | { readonly kind: 'failed'; readonly error: UpstreamError };

/** One task's place in the scheduler. */
export interface Job {
  /** The task's id. */
  readonly id: string;
  /** A2E has answered for this task before, so that a failure is evidence against the origin. */
  readonly isProven: boolean;
  /** Makes the call. Never rejects. */
  run(): Promise<CallOutcome>;
  /** The job is due, but the circuit is not closed: a missed poll. The job keeps its place. */
  onBlocked(error: GatewayError): void;
}

/** The time of a job. Times are monotonic ms (`performance.now()`). */
export interface ScheduleOptions {
  /** The poll runs then, or as soon after it as the limits allow. null: the job is no poll, so `urgent` alone runs it. */
  readonly dueAt: number | null;
  /** A query waits for the call. Urgent jobs alternate with due polls, and run at once when no poll is due. */
  readonly urgent?: boolean;
  /** The job backs off from a failure, which may be over earlier. */
  readonly afterFailure?: boolean;
  /** The poll repeats at this rhythm. An own one may move from `dueAt` where too many polls are due: see `PollSpread`. */
  readonly rhythm?: PollRhythm | undefined;
}

/** A waiting job. Times are monotonic ms (`performance.now()`). */
export interface ScheduledJob {
  readonly dueAt: number | null;
  /** False again once the job was due while the circuit was not closed. */
  readonly urgent: boolean;
  /** The expected start at the present load. An estimate, never in the past. */
  readonly expectedAt: number;
  /** Idempotent. */
  cancel(): void;
}
