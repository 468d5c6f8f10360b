import type { SchedulerEvent } from '../scheduling/scheduler-options.ts';
import type { TokenIdentity } from '../scheduling/scheduler-registry.ts';
import type { UpstreamEvent } from '../upstream/upstream-event.ts';
import { CircuitLog } from './circuit-log.ts';
import type { Logger } from './log.ts';
import type { Exemplar } from './metrics/exemplar.ts';
import type { UpstreamMetrics } from './metrics/upstream-metrics.ts';
import type { OutageLog } from './outage-log.ts';
import type { Readiness } from './readiness.ts';

/** Receives the events of every call to A2E and of every scheduler. */
export interface UpstreamReporter {
  /** `exemplar`: of the call's trace, where it is exported. */
  onCall(event: UpstreamEvent, exemplar?: Exemplar): void;
  onScheduler(event: SchedulerEvent, token: TokenIdentity): void;
}

/** Turns upstream events into log lines, metrics and readiness. */
export function upstreamReporter(
  log: Logger,
  outage: OutageLog,
  readiness: Readiness,
  metrics: UpstreamMetrics,
): UpstreamReporter {
  const circuit = new CircuitLog(log);
  return {
    onCall(event, exemplar) {
      count(event, metrics, exemplar);
      observe(event, outage);
      if (event.kind !== 'decoded') log.debug({ upstream: event }, 'A2E call');
    },
    onScheduler(event, { owner }) {
      metrics.recordSchedulerEvent(event.kind);
      if (owner === 'caller') return log.debug({ scheduler: event }, 'scheduler event of a caller token');
      if (event.kind === 'token-refused') {
        const isLogged = readiness.upstream === 'refused';
        readiness.upstream = 'refused';
        if (!isLogged) circuit.tokenRefused();
      } else if (event.kind === 'paused') {
        circuit.paused(event.forMs);
      } else if (event.kind !== 'breaker-opened' || readiness.upstream !== 'refused') {
        readiness.upstream = event.kind === 'breaker-opened' ? 'away' : 'ok';
        if (event.kind === 'breaker-opened') circuit.opened();
        else circuit.closed();
      }
    },
  };
}

function count(event: UpstreamEvent, metrics: UpstreamMetrics, exemplar: Exemplar | undefined): void {
  if (event.kind === 'decoded') return;
  if (!('ms' in event)) return metrics.recordUnexpectedResponse(event.kind);
  metrics.recordCall(event.kind === 'answered' ? String(event.status) : event.kind, event.ms / 1000, exemplar);
}

/** Records what a call proves about A2E itself. A refused token and a rate limit prove that A2E is reachable. */
function observe(event: UpstreamEvent, outage: OutageLog): void {
  switch (event.kind) {
    case 'answered':
      outage.silence.interrupted();
      if (isOutage(event.status)) outage.failed(`HTTP ${event.status}`);
      else if (event.status === 401 || event.status === 403 || event.status === 429) outage.succeeded();
      return;
    case 'unanswered':
      return outage.failed(event.reason);
    case 'tls-failure':
      return outage.failed(event.reason, {}, 'error');
    case 'contract-violation':
    case 'wrong-task':
      return outage.failed(event.kind === 'wrong-task' ? event.kind : event.reason, { upstream: event });
    case 'decoded':
      return outage.succeeded();
  }
}

function isOutage(status: number): boolean {
  return status >= 500 || status === 408 || status === 425;
}
