import {
  type GatewayError,
  TokenRefused,
  Unauthenticated,
  UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import type { CallOutcome } from './lane/turn.ts';
import type { Credential } from './task-source.ts';

/** What a call that threw means: for whoever watches, and for the lane it passed through. */
export interface PollFault {
  readonly problem: GatewayError;
  readonly outcome: CallOutcome;
}

/** A 429 that does not say for how long pauses the lane for an interval, and for no less than this. */
const SHORTEST_PAUSE_MS = 1_000;

/**
 * A caller's refused token is that caller's problem and no sign of a sick upstream; the gateway's own is everyone's.
 * What is no upstream error at all counts as a missed poll, and keeps its cause.
 */
export function faultOf(error: unknown, credential: Credential, intervalMs: number): PollFault {
  if (!(error instanceof UpstreamError)) {
    const problem = new UpstreamUnavailable('The check failed', { cause: error });
    return { problem, outcome: problem };
  }
  if (error instanceof UpstreamRateLimited && error.retryAfterMs === null) {
    const paused = new UpstreamRateLimited(error.message, { retryAfterMs: Math.max(SHORTEST_PAUSE_MS, intervalMs) });
    return { problem: paused, outcome: paused };
  }
  if (!(error instanceof TokenRefused)) return { problem: error, outcome: error };
  if (credential.owner === 'caller')
    return { problem: new Unauthenticated('A2E refuses this token'), outcome: 'answered' };
  return { problem: new UpstreamUnavailable("A2E refuses the gateway's own token"), outcome: error };
}
