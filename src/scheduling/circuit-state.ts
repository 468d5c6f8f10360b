import { type GatewayError, type UpstreamError, UpstreamRateLimited, UpstreamUnavailable } from '../errors.ts';

/**
 * Why calls are held back. `paused`: upstream asked to be left alone, so nothing may pass. `broken`, `refused`: it
 * fails, or refuses the gateway's own token, so only single probes may.
 */
export interface CircuitState {
  readonly kind: 'paused' | 'broken' | 'refused';
  readonly error: GatewayError;
  /** When it was last found to be so, in ms since the epoch. */
  since: number;
  /** When the pause ends, or the next probe may start, in ms since the epoch. */
  until: number;
}

/** What to tell a caller who asks now: of a rate limit, how much of the wait is left. */
export function errorForCaller({ error, until }: CircuitState, now: number): GatewayError {
  if (!(error instanceof UpstreamRateLimited)) return error;
  return new UpstreamRateLimited(error.message, { retryAfterMs: Math.max(0, until - now) });
}

/** How long this failure stops the whole lane, in ms; null: not at all. */
export function retryAfterOf(error: UpstreamError): number | null {
  return error instanceof UpstreamRateLimited || error instanceof UpstreamUnavailable ? error.retryAfterMs : null;
}
