import { callsBetween, failuresBetween } from './status-point.ts';
import { type StatusReading, sumOf } from './status-reading.ts';

/** A problem in words that an operator reads. docs/status.md lists the titles. */
export interface StatusProblem {
  readonly kind: string;
  readonly level: 'critical' | 'warning';
  readonly title: string;
  /** The consequence and the remedy. */
  readonly text: string;
}

/** The readings that decide on the problems. */
export interface ProblemPeriod {
  readonly now: StatusReading;
  /** About a minute before. */
  readonly minuteAgo: StatusReading;
  /** The reading before. */
  readonly previous: StatusReading;
  /** The last reading in the minute that saw A2E away or its circuit open, else `minuteAgo`. */
  readonly healthySince: StatusReading;
}

/** The thresholds are those of the alerts in examples/deploy/prometheus/alerts.yml, without their waiting times. */
const LATE_MS = 1_000;
const LAG_MS = 500;
const HEAP_SHARE = 0.8;
const CONFLATED_SHARE = 0.1;
/** Fewer failed calls in a minute are no problem. */
const FEW_FAILURES = 3;
const LIMITS = ['overloaded', 'flood', 'rate_limited', 'connections', 'connections_per_address', 'subscriptions'];

interface Rule extends Omit<StatusProblem, 'text'> {
  /** The text of the problem; null: there is none. */
  readonly find: (period: ProblemPeriod) => string | null;
}

const RULES: readonly Rule[] = [
  {
    kind: 'a2e-token-refused',
    level: 'critical',
    title: 'A2E refuses the token of the gateway',
    find: ({ now }) =>
      now.readiness.upstream === 'refused'
        ? 'No task is polled until A2E accepts a token. Renew A2E_API_TOKEN and restart the gateways with it.'
        : null,
  },
  {
    kind: 'a2e-away',
    level: 'critical',
    title: 'A2E does not answer',
    find: ({ now }) =>
      now.readiness.upstream === 'away'
        ? `Viewers keep the last good state; ${now.stale} of ${now.watched} tasks are stale. Check A2E and the way to it. ` +
          'A restart of the gateway does not help.'
        : null,
  },
  {
    kind: 'redis-away',
    level: 'warning',
    title: 'Redis is away',
    find: ({ now }) =>
      now.readiness.cluster === 'away'
        ? 'Each gateway polls for itself, so A2E has one poll per task and gateway. Bring Redis back.'
        : null,
  },
  {
    kind: 'key-set-away',
    level: 'warning',
    title: 'The key set cannot be fetched',
    find: ({ now }) =>
      now.readiness.keySet === 'away'
        ? 'Tickets are checked with the keys held, for a day. Check AUTH_JWKS_URL.'
        : null,
  },
  {
    kind: 'a2e-rate-limited',
    level: 'warning',
    title: 'A2E limits the rate',
    find: ({ now }) =>
      (now.circuits['paused'] ?? 0) > 0
        ? 'Polling pauses as A2E asked. Set UPSTREAM_MAX_RPS below the rate that A2E allows.'
        : null,
  },
  {
    kind: 'budget-exhausted',
    level: 'warning',
    title: 'The budget towards A2E is exhausted',
    find: ({ now }) =>
      now.delayMs > LATE_MS
        ? `Polls run ${seconds(now.delayMs)} late. Raise UPSTREAM_MAX_RPS, UPSTREAM_MAX_CONCURRENCY or POLL_INTERVAL_MS.`
        : null,
  },
  { kind: 'tenant-failing', level: 'warning', title: 'Some tasks or tokens fail', find: failingCalls },
  { kind: 'slow-clients', level: 'warning', title: 'Clients read slowly', find: slowClients },
  { kind: 'clients-refused', level: 'warning', title: 'Clients are refused', find: refusedClients },
  {
    kind: 'event-loop-blocked',
    level: 'warning',
    title: 'The process has no CPU left',
    find: ({ now }) =>
      now.lagMs > LAG_MS
        ? `Timers are ${seconds(now.lagMs)} late. Add CPU or gateways; a process uses one core.`
        : null,
  },
  {
    kind: 'memory-near-limit',
    level: 'warning',
    title: 'The heap is nearly full',
    find: ({ now }) =>
      now.heapBytes > HEAP_SHARE * now.heapLimitBytes ? 'Add gateways, or lower MAX_CONNECTIONS.' : null,
  },
  {
    kind: 'log-lines-dropped',
    level: 'warning',
    title: 'Log lines are lost',
    find: ({ now, minuteAgo }) =>
      now.droppedLogLines > minuteAgo.droppedLogLines ? 'Standard error takes no lines. Free the disk.' : null,
  },
];

/** The kind, level and title of every problem. */
export const PROBLEMS: readonly Omit<StatusProblem, 'text'>[] = RULES;

/** The present problems, the worst first. */
export function problemsIn(period: ProblemPeriod): readonly StatusProblem[] {
  return RULES.flatMap(({ find, kind, level, title }) => {
    const text = find(period);
    return text === null ? [] : [{ kind, level, title, text }];
  });
}

/** Failures count only where A2E answers other calls, and from the end of an outage on. */
function failingCalls({ now, previous, healthySince }: ProblemPeriod): string | null {
  const failed = failuresBetween(healthySince, now);
  const answered = callsBetween(previous, now) - failuresBetween(previous, now);
  if (now.readiness.upstream !== 'ok' || failed < FEW_FAILURES || answered === 0) return null;
  return (
    `${failed} of ${callsBetween(healthySince, now)} calls failed in the last minute, and A2E answered the others. ` +
    'No other caller is slower for it. Look for a back end that creates broken tasks, or an old token.'
  );
}

function slowClients({ now, minuteAgo }: ProblemPeriod): string | null {
  const stalled = now.stalled - minuteAgo.stalled;
  const conflated = now.conflated - minuteAgo.conflated;
  const delivered = now.delivered - minuteAgo.delivered;
  if (stalled === 0 && conflated <= CONFLATED_SHARE * delivered) return null;
  return (
    `In the last minute ${conflated} updates were replaced by newer ones, and ${stalled} clients that read nothing were ` +
    'disconnected. No final state is lost. Look for a proxy that buffers.'
  );
}

function refusedClients({ now, minuteAgo }: ProblemPeriod): string | null {
  const refused = LIMITS.map(
    (reason) => [reason, (now.refusals[reason] ?? 0) - (minuteAgo.refusals[reason] ?? 0)] as const,
  );
  const counts = Object.fromEntries(refused.filter(([, count]) => count > 0));
  if (sumOf(counts) === 0) return null;
  const reasons = Object.entries(counts).map(([reason, count]) => `${reason.replaceAll('_', ' ')} ${count}`);
  return `Limits exceeded in the last minute: ${reasons.join(', ')}. Other clients are served.`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
