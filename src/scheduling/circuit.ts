import {
  AccessDenied,
  type GatewayError,
  TokenRefused,
  type UpstreamError,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../errors.ts';
import { collect, type Evidence, NO_EVIDENCE } from './evidence.ts';
import { probeIntervalMs } from './probe-interval.ts';

/** The state of the circuit of one token. Times are monotonic ms (`performance.now()`). */
export type CircuitState =
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'open';
      readonly reason: 'origin-failing' | 'token-refused';
      /** A2E named the token itself (401), so the refusal holds for every gateway. A 403 is an inference of this gateway. */
      readonly isConclusive: boolean;
      /** The error for a caller while calls are held back. */
      readonly error: GatewayError;
      /** The time of the last failure that confirmed the reason. */
      readonly confirmedAt: number;
      readonly nextProbeAt: number;
      readonly failedProbes: number;
    }
  | { readonly kind: 'paused'; readonly error: UpstreamError; readonly until: number };

/** The state, and the evidence that decides on the next one. Immutable: see {@link observe}. */
export interface Circuit {
  readonly state: CircuitState;
  readonly evidence: Evidence;
  /** A2E has accepted the token in some answer. */
  readonly isTokenAccepted: boolean;
}

/** The facts about a call that the circuit learns from. */
export type Observation =
  | { readonly kind: 'answered' }
  | {
      readonly kind: 'failed';
      readonly error: UpstreamError;
      readonly taskId: string;
      /** A2E has answered for this task before. */
      readonly isProven: boolean;
      /** How many proven tasks are being polled with the token. */
      readonly provenTasks: number;
      readonly isProbe: boolean;
    }
  /** The probe made no call, because another gateway polls its tick. */
  | { readonly kind: 'probe-skipped' }
  /** The pause is over, or the time for which a refusal of a caller's token holds. */
  | { readonly kind: 'hold-ended' }
  /** Another gateway of the cluster received an answer at this time. */
  | { readonly kind: 'peer-answered'; readonly at: number }
  | { readonly kind: 'peer-paused'; readonly forMs: number }
  /** Another gateway found the token refused; this gateway probes after `probeInMs` unless the peer does. */
  | { readonly kind: 'peer-token-refused'; readonly at: number; readonly probeInMs: number };

/** The error and the probe interval of a refused token: they depend on its owner. */
export interface TokenPolicy {
  readonly refusedError: GatewayError;
  readonly probeMs: number;
  /** After `probeMs` calls go on as if the token were new, instead of single probes. */
  readonly refusalExpires: boolean;
}

/** The rules of one circuit. */
export interface CircuitPolicy extends TokenPolicy {
  /** The longest time between two probes of a failing origin, in ms. */
  readonly maxProbeIntervalMs: number;
}

export const CLOSED: CircuitState = { kind: 'closed' };
export const NEW_CIRCUIT: Circuit = { state: CLOSED, evidence: NO_EVIDENCE, isTokenAccepted: false };

/** The circuit after an observation. Pure; `evidence.ts` has the rules. */
export function observe(circuit: Circuit, observation: Observation, now: number, policy: CircuitPolicy): Circuit {
  switch (observation.kind) {
    case 'answered':
      return onAnswered(circuit);
    case 'probe-skipped':
      return withNextProbe(circuit, now, policy, 0);
    case 'peer-answered':
      return onPeerAnswered(circuit, observation.at);
    case 'peer-paused':
      return paused(
        circuit,
        new UpstreamRateLimited('A2E asks for fewer calls', { retryAfterMs: observation.forMs }),
        observation.forMs,
        now,
      );
    case 'peer-token-refused':
      return tokenRefused(circuit, policy, {
        confirmedAt: observation.at,
        nextProbeAt: observation.at + observation.probeInMs,
        isConclusive: true,
      });
    case 'hold-ended':
      return onHoldEnded(circuit, now, policy);
    case 'failed':
      return onFailed(circuit, observation, now, policy);
  }
}

function onAnswered({ state }: Circuit): Circuit {
  return { state: state.kind === 'open' ? CLOSED : state, evidence: NO_EVIDENCE, isTokenAccepted: true };
}

/** An answer from before the circuit opened is no evidence about now. */
function onPeerAnswered(circuit: Circuit, at: number): Circuit {
  const { state } = circuit;
  if (state.kind === 'closed') return { ...circuit, isTokenAccepted: true };
  return state.kind === 'open' && at > state.confirmedAt ? onAnswered(circuit) : circuit;
}

/** A pause that began while the evidence had opened the circuit ends with a probe, else with all waiting calls. */
function onHoldEnded(circuit: Circuit, now: number, { refusalExpires }: TokenPolicy): Circuit {
  const { state, evidence } = circuit;
  if (state.kind === 'open' && state.reason === 'token-refused' && refusalExpires) return NEW_CIRCUIT;
  if (state.kind !== 'paused') return circuit;
  return evidence.isAgainstOrigin
    ? originFailing(circuit, evidence, state.error, now, now)
    : { ...circuit, state: CLOSED };
}

type Failed = Extract<Observation, { kind: 'failed' }>;

function onFailed(circuit: Circuit, failed: Failed, now: number, policy: CircuitPolicy): Circuit {
  const { error, isProbe } = failed;
  const { state } = circuit;
  const evidence = collect(circuit.evidence, failed);
  const retryAfterMs = retryAfterOf(error);
  if (retryAfterMs !== null) {
    const next = { ...circuit, evidence };
    return paused(isProbe ? withNextProbe(next, now, policy, 1) : next, error, retryAfterMs, now);
  }
  if (
    error instanceof TokenRefused ||
    evidence.isAgainstToken ||
    (error instanceof AccessDenied && !circuit.isTokenAccepted)
  )
    return tokenRefused({ ...circuit, evidence }, policy, {
      confirmedAt: now,
      nextProbeAt: now + policy.probeMs,
      isConclusive: error instanceof TokenRefused,
    });
  if (state.kind === 'open')
    return isProbe ? withNextProbe({ ...circuit, evidence }, now, policy, 1) : { ...circuit, evidence };
  if (state.kind === 'closed' && evidence.isAgainstOrigin)
    return originFailing(circuit, evidence, error, now, now + probeIntervalMs(0, policy.maxProbeIntervalMs));
  // Several calls that were under way together meet the same pause; they are no further evidence.
  return state.kind === 'paused' ? circuit : { ...circuit, evidence };
}

function originFailing(
  circuit: Circuit,
  evidence: Evidence,
  error: UpstreamError,
  now: number,
  probeAt: number,
): Circuit {
  const reason = 'origin-failing';
  const times = { confirmedAt: now, nextProbeAt: probeAt };
  return {
    ...circuit,
    evidence,
    state: { kind: 'open', reason, isConclusive: false, error, ...times, failedProbes: 0 },
  };
}

function withNextProbe(circuit: Circuit, now: number, policy: CircuitPolicy, newFailures: 0 | 1): Circuit {
  const { state } = circuit;
  if (state.kind !== 'open') return circuit;
  const failedProbes = state.failedProbes + newFailures;
  const intervalMs =
    state.reason === 'token-refused' ? policy.probeMs : probeIntervalMs(failedProbes, policy.maxProbeIntervalMs);
  return { ...circuit, state: { ...state, failedProbes, nextProbeAt: now + intervalMs } };
}

type Refusal = Pick<Extract<CircuitState, { kind: 'open' }>, 'confirmedAt' | 'nextProbeAt' | 'isConclusive'>;

function tokenRefused(circuit: Circuit, { refusedError }: TokenPolicy, refusal: Refusal): Circuit {
  const state = { kind: 'open' as const, reason: 'token-refused' as const, error: refusedError, failedProbes: 0 };
  return { ...circuit, state: { ...state, ...refusal } };
}

/** A pause only grows, and a refused token outlasts it; the pause then holds back the next probe. */
function paused(circuit: Circuit, error: UpstreamError, forMs: number, now: number): Circuit {
  const { state } = circuit;
  const until = now + forMs;
  if (state.kind === 'open' && state.reason === 'token-refused')
    return { ...circuit, state: { ...state, nextProbeAt: Math.max(state.nextProbeAt, until) } };
  if (state.kind === 'paused' && state.until >= until) return circuit;
  return { ...circuit, state: { kind: 'paused', error, until } };
}

/** How long this failure pauses every call of the token, in ms (`Retry-After`); null: not at all. */
function retryAfterOf(error: UpstreamError): number | null {
  return error instanceof UpstreamRateLimited || error instanceof UpstreamUnavailable ? error.retryAfterMs : null;
}

/** The error for a caller while calls are held back; a rate limit carries the rest of the wait. */
export function errorForCaller(state: Exclude<CircuitState, { kind: 'closed' }>, now: number): GatewayError {
  if (state.kind === 'open' || !(state.error instanceof UpstreamRateLimited)) return state.error;
  return new UpstreamRateLimited(state.error.message, { retryAfterMs: Math.max(0, state.until - now) });
}
