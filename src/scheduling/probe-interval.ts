const FIRST_PROBE_MS = 1_000;
const LAST_PROBE_MS = 10_000;
/** Failed probes before the interval doubles. */
const PROBES_PER_STEP = 5;

/**
 * The longest time between two half-open probes, in ms: half a poll interval, at least a second, at most ten. After an outage
 * every state has to be fresh within two poll intervals. Half an interval passes at most until a probe notices the
 * recovery, a whole one while the tasks are polled ({@link recoveryWindowMs}), and half an interval is left for the calls.
 */
export function maxProbeIntervalMs(pollIntervalMs: number): number {
  return Math.min(LAST_PROBE_MS, Math.max(FIRST_PROBE_MS, pollIntervalMs / 2));
}

/** The time between two half-open probes, in ms: one second at first, `maxMs` at most. */
export function probeIntervalMs(failedProbes: number, maxMs: number): number {
  return Math.min(maxMs, FIRST_PROBE_MS * 2 ** Math.min(Math.floor(failedProbes / PROBES_PER_STEP), 4));
}

/**
 * The time over which all tasks are polled after an outage, in ms: one interval, and down to half of one where the
 * probes, a second apart at least, may have taken more than half an interval.
 */
export function recoveryWindowMs(pollIntervalMs: number): number {
  return Math.min(
    pollIntervalMs,
    Math.max(pollIntervalMs / 2, 1.5 * pollIntervalMs - maxProbeIntervalMs(pollIntervalMs)),
  );
}
