import { type CircuitState, pauseOf } from './circuit.ts';
import type { SchedulerEvent } from './scheduler-options.ts';

/** A pause that grows by less than this is the same pause, in ms. */
const SAME_PAUSE_MS = 1_000;

/** The events of a transition, for the log, the metrics and the cluster. */
export function circuitEvents(before: CircuitState, after: CircuitState, now: number): readonly SchedulerEvent[] {
  return [...pauseEvents(before, after, now), ...reasonEvents(before, after)];
}

function pauseEvents(before: CircuitState, after: CircuitState, now: number): readonly SchedulerEvent[] {
  const until = pauseOf(after)?.until ?? now;
  const leftMs = Math.max(0, (pauseOf(before)?.until ?? now) - now);
  const forMs = until - now;
  return forMs - leftMs >= SAME_PAUSE_MS ? [{ kind: 'paused', forMs }] : [];
}

function reasonEvents(before: CircuitState, after: CircuitState): readonly SchedulerEvent[] {
  const [was, is] = [reasonOf(before), reasonOf(after)];
  if (after.kind === 'open' && is === 'token-refused')
    return isConfirmed(before, after) ? [{ kind: 'token-refused', isConclusive: after.isConclusive }] : [];
  if (is === 'origin-failing') return was === 'origin-failing' ? [] : [{ kind: 'breaker-opened' }];
  if (was === 'token-refused') return [{ kind: 'token-accepted' }];
  return was === 'origin-failing' ? [{ kind: 'breaker-closed' }] : [];
}

/** An open circuit that is paused counts as open until it closes. */
function reasonOf(state: CircuitState): 'origin-failing' | 'token-refused' | null {
  if (state.kind === 'paused') return state.wasOpen ? 'origin-failing' : null;
  return state.kind === 'open' ? state.reason : null;
}

function isConfirmed(before: CircuitState, after: CircuitState): boolean {
  return after.kind === 'open' && (before.kind !== 'open' || before.confirmedAt !== after.confirmedAt);
}
