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

/** A pause of a token that A2E asked for (`Retry-After`). `until` is monotonic, in ms. */
export interface Pause {
  readonly error: UpstreamError;
  readonly until: number;
}

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
      /** The pause that was in force at the refusal of the token, or began after it. */
      readonly pause: Pause | null;
    }
  /** `wasOpen`: the pause began while the origin was failing. */
  | ({ readonly kind: 'paused'; readonly wasOpen: boolean } & Pause);

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
        policy,
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

/** An answer ends no pause: a pause that is over ends with the next `hold-ended`. */
function onAnswered({ state }: Circuit): Circuit {
  return {
    state: state.kind === 'open' ? pausedOr(state, CLOSED) : state,
    evidence: NO_EVIDENCE,
    isTokenAccepted: true,
  };
}

function pausedOr({ pause }: { readonly pause: Pause | null }, otherwise: CircuitState): CircuitState {
  return pause ? { kind: 'paused', wasOpen: false, ...pause } : otherwise;
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
  if (state.kind === 'open' && state.reason === 'token-refused' && refusalExpires)
    return { ...NEW_CIRCUIT, state: pausedOr(state, CLOSED) };
  if (state.kind !== 'paused') return circuit;
  return evidence.isAgainstOrigin
    ? originFailing(circuit, evidence, state.error, now, now)
    : { ...circuit, state: CLOSED };
}

/** The time from which the circuit admits a call, if only a probe. */
export function admitsAt(state: CircuitState): number {
  if (state.kind === 'closed') return 0;
  return state.kind === 'open' ? state.nextProbeAt : state.until;
}

/** A pause, or a refusal that expires, is over at `now`, and no `hold-ended` has said so yet. */
export function isHoldOver({ state }: Circuit, now: number, { refusalExpires }: TokenPolicy): boolean {
  return (state.kind === 'paused' || refusalExpires) && now >= admitsAt(state);
}

/** The state as the next job will find it: without the holds that are over. */
export function stateAt(circuit: Circuit, now: number, policy: CircuitPolicy): CircuitState {
  if (!isHoldOver(circuit, now, policy)) return circuit.state;
  const next = onHoldEnded(circuit, now, policy);
  return next === circuit ? circuit.state : stateAt(next, now, policy);
}

type Failed = Extract<Observation, { kind: 'failed' }>;

function onFailed(circuit: Circuit, failed: Failed, now: number, policy: CircuitPolicy): Circuit {
  const { error, isProbe } = failed;
  const { state } = circuit;
  const retryAfterMs = retryAfterOf(error);
  // A pause is evidence about the token alone.
  if (retryAfterMs !== null)
    return paused(isProbe ? withNextProbe(circuit, now, policy, 1) : circuit, error, retryAfterMs, now, policy);
  const evidence = collect(circuit.evidence, failed);
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
    state: { kind: 'open', reason, isConclusive: false, error, ...times, failedProbes: 0, pause: null },
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

type OpenState = Extract<CircuitState, { kind: 'open' }>;
type Refusal = Pick<OpenState, 'confirmedAt' | 'nextProbeAt' | 'isConclusive'>;

/** A pause in force goes on under the refusal. */
function tokenRefused(circuit: Circuit, policy: TokenPolicy, refusal: Refusal): Circuit {
  const error = policy.refusedError;
  const state = { kind: 'open', reason: 'token-refused', error, failedProbes: 0, ...refusal, pause: null } as const;
  const pause = pauseOf(circuit.state);
  return { ...circuit, state: pause ? heldBy(state, pause, policy) : state };
}

/** A pause only grows, and a refused token outlasts it. */
function paused(circuit: Circuit, error: UpstreamError, forMs: number, now: number, policy: TokenPolicy): Circuit {
  const { state } = circuit;
  const until = now + forMs;
  if ((pauseOf(state)?.until ?? 0) >= until) return circuit;
  if (state.kind === 'open' && state.reason === 'token-refused')
    return { ...circuit, state: heldBy(state, { error, until }, policy) };
  const wasOpen = state.kind === 'open' || (state.kind === 'paused' && state.wasOpen);
  return { ...circuit, state: { kind: 'paused', wasOpen, error, until } };
}

/** The pause of a state; null: none. It may be over. */
export function pauseOf(state: CircuitState): Pause | null {
  if (state.kind === 'closed') return null;
  return state.kind === 'paused' ? { error: state.error, until: state.until } : state.pause;
}

/** The pause holds back the probes of a refused token. A refusal that expires without a probe is not made longer by it. */
function heldBy(state: OpenState, pause: Pause, { refusalExpires }: TokenPolicy): OpenState {
  const nextProbeAt = refusalExpires ? state.nextProbeAt : Math.max(state.nextProbeAt, pause.until);
  return { ...state, nextProbeAt, pause };
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
