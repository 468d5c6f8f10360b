import type { GatewayError, UpstreamError } from '../../errors.ts';

/** How a call ended: `skipped` when upstream was not called after all. */
export type CallOutcome = 'answered' | 'skipped' | UpstreamError;

/** One task's place in the lane. */
export interface Turn {
  /** Makes the call. Never rejects. */
  run(): Promise<CallOutcome>;
  /** The turn came, but the lane is blocked: a missed poll. The turn keeps its place. */
  blocked(problem: GatewayError): void;
}

/** A turn that is waiting. Times in ms since the epoch. */
export interface Ticket {
  readonly dueAt: number;
  /** When the turn is to be expected, as the lane flows now: an estimate that is never in the past. */
  readonly expectedAt: number;
  /** Idempotent. */
  cancel(): void;
}
