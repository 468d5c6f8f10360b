import type { SchedulerEvent } from '../scheduling/scheduler-options.ts';
import type { Credential } from '../task/credential.ts';
import type { UpstreamEvent } from '../upstream/upstream-event.ts';
import type { Logger } from './log.ts';
import type { Metrics } from './metrics.ts';
import type { Readiness } from './readiness.ts';

/** Hears of every call to A2E, and of what becomes of the lanes they pass through. */
export interface UpstreamReporter {
  onCall(event: UpstreamEvent): void;
  onScheduler(event: SchedulerEvent, credential: Credential): void;
}

/** Turns what happens upstream into log lines, metrics and readiness. */
export function upstreamReporter(log: Logger, readiness: Readiness, metrics: Metrics): UpstreamReporter {
  return {
    onCall(event) {
      count(event, metrics);
      const level = levelOf(event);
      log[level]({ upstream: event }, 'A2E call');
    },
    onScheduler(event, { owner }) {
      metrics.recordSchedulerEvent(event.kind);
      if (owner === 'caller') return log.debug({ lane: event }, 'A2E calls of one caller');
      if (event.kind === 'token-refused') {
        const known = readiness.upstream === 'refused';
        readiness.upstream = 'refused';
        if (!known) log.error("A2E refuses the gateway's own token: polling pauses until it is accepted again");
      } else if (event.kind === 'paused') {
        log.warn({ forMs: event.forMs }, 'A2E asked to be left alone: polling pauses');
      } else if (event.kind !== 'breaker-opened' || readiness.upstream !== 'refused') {
        readiness.upstream = event.kind === 'breaker-opened' ? 'away' : 'ok';
        log.warn({ upstream: readiness.upstream }, event.kind === 'breaker-opened' ? 'A2E is away' : 'A2E is back');
      }
    },
  };
}

function count(event: UpstreamEvent, metrics: Metrics): void {
  if (!('ms' in event)) return metrics.recordUnexpectedResponse(event.kind);
  metrics.recordCall(event.kind === 'answered' ? String(event.status) : event.kind, event.ms / 1000);
}

function levelOf({ kind }: UpstreamEvent): 'debug' | 'warn' | 'error' {
  if (kind === 'tls-failure') return 'error';
  return kind === 'contract-violation' || kind === 'wrong-task' ? 'warn' : 'debug';
}
