import {
  AccessDenied,
  Forbidden,
  type GatewayError,
  gatewayTokenRefused,
  TokenRefused,
  Unauthenticated,
  UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import type { CallOutcome } from '../scheduling/job.ts';
import type { Credential } from './credential.ts';

/** The meaning of a failed call: for the watchers, and for the scheduler. */
export interface PollFailure {
  readonly failure: GatewayError;
  readonly outcome: CallOutcome;
}

export interface PollErrorContext {
  readonly owner: Credential['owner'];
  /** A2E has accepted the token in some answer, so that a 403 concerns the task alone. */
  readonly isTokenAccepted: boolean;
  readonly intervalMs: number;
  readonly upstreamName: string;
}

/** A 429 without a `Retry-After` pauses the scheduler for one interval, and at least for this time. */
const SHORTEST_PAUSE_MS = 1_000;

/**
 * Classifies the error of a poll. A refused token of a caller concerns that caller alone; the gateway's own token concerns
 * every task. An error that is no `UpstreamError` counts as a missed poll and keeps its cause.
 */
export function classifyPollError(error: unknown, context: PollErrorContext): PollFailure {
  if (!(error instanceof UpstreamError)) {
    const failure = new UpstreamUnavailable('The poll failed', { cause: error });
    return { failure, outcome: { kind: 'failed', error: failure } };
  }
  const outcome = { kind: 'failed' as const, error };
  if (error instanceof UpstreamRateLimited && error.retryAfterMs === null) {
    const retryAfterMs = Math.max(SHORTEST_PAUSE_MS, context.intervalMs);
    const paused = new UpstreamRateLimited(error.message, { retryAfterMs });
    return { failure: paused, outcome: { kind: 'failed', error: paused } };
  }
  if (error instanceof AccessDenied && context.isTokenAccepted)
    return { failure: new Forbidden(`${context.upstreamName} denies access to this task`), outcome };
  if (error instanceof TokenRefused || error instanceof AccessDenied) return { failure: refused(context), outcome };
  return { failure: error, outcome };
}

function refused({ owner, upstreamName }: PollErrorContext): GatewayError {
  if (owner === 'caller') return new Unauthenticated(`${upstreamName} refuses this token`);
  return gatewayTokenRefused(upstreamName);
}
