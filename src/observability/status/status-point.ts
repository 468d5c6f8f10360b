import { latenessBetween } from './quantile.ts';
import { type StatusReading, sumOf } from './status-reading.ts';

/** One point of the charts: rates are per second since the reading before. */
export interface StatusPoint {
  /** Since the start of the process, in seconds. */
  readonly at: number;
  readonly calls: number;
  readonly failed: number;
  readonly saved: number;
  readonly delivered: number;
  readonly viewers: number;
  readonly watched: number;
  readonly stale: number;
  /** Lateness of polls in ms; null: no poll has started. */
  readonly p50: number | null;
  readonly p99: number | null;
  readonly refused: number;
  /** Tokens by the state of their circuit. */
  readonly circuitsOpen: number;
  readonly circuitsRefused: number;
  readonly circuitsPaused: number;
  /** The part of the time without Redis, in percent. */
  readonly redisAway: number;
  /** The used part of the budget towards A2E, in percent. */
  readonly budget: number;
  readonly lag: number;
  /** In MiB. */
  readonly heap: number;
}

/** Outcomes that are no failure: 404 is the answer for an unknown task, and 429 is a pause. */
const NO_FAILURES = new Set(['200', '404', '429']);

const MIB = 1024 * 1024;

/** The point of the time between two readings. */
export function pointOf(before: StatusReading, after: StatusReading): StatusPoint {
  const seconds = Math.max((after.at - before.at) / 1000, 0.001);
  const rate = (count: number): number => rounded(count / seconds);
  return {
    at: rounded(after.at / 1000),
    calls: rate(callsBetween(before, after)),
    failed: rate(failuresBetween(before, after)),
    saved: rate(after.saved - before.saved),
    delivered: rate(after.delivered - before.delivered),
    viewers: sumOf(after.subscriptions),
    watched: after.watched,
    stale: after.stale,
    p50: latenessOf(before, after, 0.5),
    p99: latenessOf(before, after, 0.99),
    refused: rate(sumOf(after.refusals) - sumOf(before.refusals)),
    circuitsOpen: after.circuits['open'] ?? 0,
    circuitsRefused: after.circuits['refused'] ?? 0,
    circuitsPaused: after.circuits['paused'] ?? 0,
    redisAway: Math.min(rounded((after.redisAwayMs - before.redisAwayMs) / (10 * seconds)), 100),
    budget: rounded(budgetUsed(before, after) * 100),
    lag: rounded(after.lagMs),
    heap: rounded(after.heapBytes / MIB),
  };
}

/** The calls to A2E between two readings. */
export function callsBetween(before: StatusReading, after: StatusReading): number {
  return sumOf(after.calls) - sumOf(before.calls);
}

/** The failed calls between two readings. */
export function failuresBetween(before: StatusReading, after: StatusReading): number {
  return sumOf(failures(after)) - sumOf(failures(before));
}

/**
 * The used part of the rate, or of the permits where no rate is set or they are the scarcer part: 1 is all of it. Each token
 * has the rate for itself.
 */
export function budgetUsed(before: StatusReading, after: StatusReading): number {
  const permits = after.permits / after.maxPermits;
  if (after.maxRps === null || after.at === before.at) return permits;
  const perSecond = callsBetween(before, after) / ((after.at - before.at) / 1000);
  const tokens = Math.max(sumOf(before.circuits), sumOf(after.circuits), 1);
  return Math.max(permits, perSecond / (after.maxRps * tokens));
}

/** A quantile of the lateness of polls, in ms. */
export function latenessOf(before: StatusReading, after: StatusReading, quantile: number): number | null {
  const lateness = latenessBetween(before.lateness, after.lateness, quantile);
  return lateness === null ? null : rounded(lateness);
}

/** To at most two places, so that the events of the page stay small. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function failures({ calls }: StatusReading): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(calls).filter(([outcome]) => !NO_FAILURES.has(outcome)));
}
