import type { StatusHistory } from './status-history.ts';
import { budgetUsed, callsBetween, failuresBetween, latenessOf, rounded } from './status-point.ts';
import { problemsIn, type StatusProblem } from './status-problems.ts';
import type { StatusReading } from './status-reading.ts';

/** The present state of a gateway, as the operator page shows it. */
export interface StatusReport {
  readonly version: string;
  readonly uptimeSeconds: number;
  readonly phase: string;
  readonly problems: readonly StatusProblem[];
  /** Over the kept time: `seconds` is how long that is. */
  readonly window: {
    readonly seconds: number;
    readonly calls: number;
    readonly failed: number;
    readonly saved: number;
    readonly refusals: Readonly<Record<string, number>>;
    readonly redisAwaySeconds: number;
  };
  /** Over the last minute; rates are per second. */
  readonly minute: {
    readonly calls: number;
    readonly saved: number;
    readonly delivered: number;
    readonly p50: number | null;
    readonly p99: number | null;
    readonly budgetPercent: number;
  };
  readonly viewers: {
    readonly subscriptions: Readonly<Record<string, number>>;
    readonly connections: Readonly<Record<string, number>>;
  };
  readonly tasks: { readonly watched: number; readonly stale: number; readonly waitingReads: number };
  readonly upstream: {
    readonly state: string;
    readonly circuits: Readonly<Record<string, number>>;
    /** Until the next call that tests a circuit that is not closed; null: all are closed. */
    readonly nextCallSeconds: number | null;
    readonly delayMs: number;
    readonly permits: number;
    readonly maxPermits: number;
    readonly maxRps: number | null;
  };
  readonly redis: string;
  readonly process: { readonly lagMs: number; readonly heapBytes: number; readonly heapLimitBytes: number };
}

/** The report of the newest reading; null before the first. */
export function reportOf({ period }: StatusHistory, version: string): StatusReport | null {
  if (!period) return null;
  const { now, minuteAgo } = period;
  return {
    version,
    uptimeSeconds: Math.floor(now.at / 1000),
    phase: now.readiness.phase,
    problems: problemsIn(period),
    window: windowOf(period.oldest, now),
    minute: minuteOf(minuteAgo, now),
    viewers: { subscriptions: now.subscriptions, connections: now.connections },
    tasks: { watched: now.watched, stale: now.stale, waitingReads: now.waitingReads },
    upstream: upstreamOf(now),
    redis: now.readiness.cluster,
    process: { lagMs: rounded(now.lagMs), heapBytes: now.heapBytes, heapLimitBytes: now.heapLimitBytes },
  };
}

function windowOf(oldest: StatusReading, now: StatusReading): StatusReport['window'] {
  const refusals = Object.entries(now.refusals).map(
    ([reason, count]) => [reason, count - (oldest.refusals[reason] ?? 0)] as const,
  );
  return {
    seconds: rounded((now.at - oldest.at) / 1000),
    calls: callsBetween(oldest, now),
    failed: failuresBetween(oldest, now),
    saved: now.saved - oldest.saved,
    refusals: Object.fromEntries(refusals),
    redisAwaySeconds: rounded((now.redisAwayMs - oldest.redisAwayMs) / 1000),
  };
}

function minuteOf(minuteAgo: StatusReading, now: StatusReading): StatusReport['minute'] {
  const seconds = Math.max((now.at - minuteAgo.at) / 1000, 0.001);
  return {
    calls: rounded(callsBetween(minuteAgo, now) / seconds),
    saved: rounded((now.saved - minuteAgo.saved) / seconds),
    delivered: rounded((now.delivered - minuteAgo.delivered) / seconds),
    p50: latenessOf(minuteAgo, now, 0.5),
    p99: latenessOf(minuteAgo, now, 0.99),
    budgetPercent: rounded(budgetUsed(minuteAgo, now) * 100),
  };
}

function upstreamOf(now: StatusReading): StatusReport['upstream'] {
  const { circuits, nextCallMs, delayMs, permits, maxPermits, maxRps } = now;
  return {
    state: now.readiness.upstream,
    circuits,
    nextCallSeconds: nextCallMs === null ? null : rounded(nextCallMs / 1000),
    delayMs: rounded(delayMs),
    permits,
    maxPermits,
    maxRps,
  };
}
