import {
  type GatewayError,
  TokenRefused,
  Unauthenticated,
  UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import type { CallOutcome } from '../scheduling/job.ts';
import type { Credential } from './credential.ts';

/** What a call that threw means: for whoever watches, and for the lane it passed through. */
export interface PollFailure {
  readonly failure: GatewayError;
  readonly outcome: CallOutcome;
}

/** A 429 that does not say for how long pauses the lane for an interval, and for no less than this. */
const SHORTEST_PAUSE_MS = 1_000;

/**
 * A caller's refused token is that caller's problem and no sign of a sick upstream; the gateway's own is everyone's.
 * What is no upstream error at all counts as a missed poll, and keeps its cause.
 */
export function classifyPollError(error: unknown, credential: Credential, intervalMs: number): PollFailure {
  if (!(error instanceof UpstreamError)) {
    const failure = new UpstreamUnavailable('The check failed', { cause: error });
    return { failure, outcome: failure };
  }
  if (error instanceof UpstreamRateLimited && error.retryAfterMs === null) {
    const paused = new UpstreamRateLimited(error.message, { retryAfterMs: Math.max(SHORTEST_PAUSE_MS, intervalMs) });
    return { failure: paused, outcome: paused };
  }
  if (!(error instanceof TokenRefused)) return { failure: error, outcome: error };
  if (credential.owner === 'caller')
    return { failure: new Unauthenticated('A2E refuses this token'), outcome: 'answered' };
  return { failure: new UpstreamUnavailable("A2E refuses the gateway's own token"), outcome: error };
}
