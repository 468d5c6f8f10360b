import type { GatewayError, UpstreamError } from '../errors.ts';

/** How a call ended: `skipped` when upstream was not called after all. */
export type CallOutcome = 'answered' | 'skipped' | UpstreamError;

/** One task's place in the lane. */
export interface Job {
  /** Makes the call. Never rejects. */
  run(): Promise<CallOutcome>;
  /** The turn came, but the lane is blocked: a missed poll. The turn keeps its place. */
  onBlocked(problem: GatewayError): void;
}

/** When a turn is to come. */
export interface ScheduleOptions {
  /** In ms since the epoch, or as soon after it as the budget allows. Infinity: as an urgent one or not at all. */
  readonly dueAt: number;
  /** Somebody waits for it: it shares the lane with the polls that are due, and goes first when none is. */
  readonly urgent?: boolean;
  /** It backs off from a failure, which may be over before. */
  readonly afterFailure?: boolean;
}

/** A turn that is waiting. Times in ms since the epoch. */
export interface ScheduledJob {
  readonly dueAt: number;
  /** Not any more when it came while the lane was blocked. */
  readonly urgent: boolean;
  /** When the turn is to be expected, as the lane flows now: an estimate that is never in the past. */
  readonly expectedAt: number;
  /** Idempotent. */
  cancel(): void;
}
