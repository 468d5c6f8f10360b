import { AccessDenied, type UpstreamError, UpstreamUnavailable } from '../../src/errors.ts';
import {
  type Circuit,
  type CircuitPolicy,
  NEW_CIRCUIT,
  type Observation,
  observe,
} from '../../src/scheduling/circuit.ts';

export const POLICY: CircuitPolicy = {
  refusedError: new UpstreamUnavailable('refused'),
  probeMs: 10_000,
  refusalExpires: false,
  maxProbeIntervalMs: 10_000,
};
export const CALLERS: CircuitPolicy = { ...POLICY, probeMs: 1_000, refusalExpires: true };
export const DOWN = new UpstreamUnavailable('down');
export const REFUSED_CONNECTION = new UpstreamUnavailable('no connection', { unreachable: true });
export const DENIED = new AccessDenied('denied');
export const ACCEPTED = observe(NEW_CIRCUIT, { kind: 'answered' }, 0, POLICY);

type Failure = Partial<Omit<Extract<Observation, { kind: 'failed' }>, 'kind' | 'error'>>;

export const failure = (error: UpstreamError, rest: Failure = {}): Observation => ({
  kind: 'failed',
  error,
  taskId: 'task',
  isProven: true,
  provenTasks: 100,
  isProbe: false,
  ...rest,
});

/** The circuit after `count` failures in a row, each of a task of its own. */
export function failedTimes(
  count: number,
  error: UpstreamError,
  rest: Failure = {},
  circuit: Circuit = ACCEPTED,
): Circuit {
  let next = circuit;
  for (let n = 0; n < count; n += 1)
    next = observe(next, failure(error, { taskId: `task-${n}`, ...rest }), 1_000, POLICY);
  return next;
}

export const reason = ({ state }: Circuit): string => (state.kind === 'open' ? state.reason : state.kind);
