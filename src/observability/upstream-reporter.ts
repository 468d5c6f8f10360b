import type { SchedulerEvent } from '../scheduling/scheduler-options.ts';
import type { TokenIdentity } from '../scheduling/scheduler-registry.ts';
import type { UpstreamEvent } from '../upstream/upstream-event.ts';
import { CircuitLog } from './circuit-log.ts';
import type { Logger } from './log.ts';
import type { Exemplar } from './metrics/exemplar.ts';
import type { UpstreamMetrics } from './metrics/upstream-metrics.ts';
import type { Readiness } from './readiness.ts';
import type { UpstreamHealth } from './upstream-health.ts';

/** Receives the events of every call to A2E and of every scheduler. */
export interface UpstreamReporter {
  /** `exemplar`: of the call's trace, where it is exported. */
  onCall(event: UpstreamEvent, exemplar?: Exemplar): void;
  onScheduler(event: SchedulerEvent, token: TokenIdentity): void;
}

/** Turns upstream events into log lines, metrics and readiness. */
export function upstreamReporter(
  log: Logger,
  health: UpstreamHealth,
  readiness: Readiness,
  metrics: UpstreamMetrics,
): UpstreamReporter {
  const circuit = new CircuitLog(log);
  return {
    onCall(event, exemplar) {
      count(event, metrics, exemplar);
      observe(event, health);
      if (event.kind !== 'decoded') log.debug({ upstream: event }, 'A2E call');
    },
    onScheduler(event, { owner }) {
      metrics.recordSchedulerEvent(event.kind);
      if (owner === 'caller') return log.debug({ scheduler: event }, 'scheduler event of a caller token');
      switch (event.kind) {
        case 'token-refused':
          readiness.tokenRefused();
          return circuit.tokenRefused(event.isConclusive ? '401' : '403');
        case 'paused':
          return circuit.paused(event.forMs);
        case 'breaker-opened':
          health.confirmOutage();
          return readiness.upstream === 'refused' ? undefined : circuit.opened();
        case 'breaker-closed':
        case 'token-accepted':
          readiness.tokenAccepted();
          return circuit.closed();
      }
    },
  };
}

function count(event: UpstreamEvent, metrics: UpstreamMetrics, exemplar: Exemplar | undefined): void {
  if (event.kind === 'decoded') return;
  if (!('ms' in event)) return metrics.recordUnexpectedResponse(event.kind);
  metrics.recordCall(event.kind === 'answered' ? String(event.status) : event.kind, event.ms / 1000, exemplar);
}

/** A refused token and a rate limit prove that A2E works. {@link UpstreamHealth} judges the end of every call. */
function observe(event: UpstreamEvent, health: UpstreamHealth): void {
  if (event.kind !== 'answered') return;
  health.responded();
  if (event.status === 401 || event.status === 403 || event.status === 429) health.reached();
}
