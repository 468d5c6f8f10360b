const FIRST_PROBE_MS = 1_000;
const LAST_PROBE_MS = 10_000;
/** Failed probes before the interval doubles. */
const PROBES_PER_STEP = 5;

/** The time between two half-open probes, in ms: one second at first, ten seconds at most. */
export function probeIntervalMs(failedProbes: number): number {
  return Math.min(LAST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(Math.floor(failedProbes / PROBES_PER_STEP), 4));
}
