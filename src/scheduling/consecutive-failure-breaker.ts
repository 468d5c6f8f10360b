/** Failures in a row that open the breaker. */
const THRESHOLD = 10;
const FIRST_PROBE_MS = 1_000;
const LAST_PROBE_MS = 10_000;
/** Failed probes before the spacing doubles. */
const PROBES_PER_STEP = 5;

/**
 * Counts failures in a row across all tasks of a lane and opens at ten. While it is open, {@link probeIntervalMs} is
 * the wait between single probes: a second at first, ten at the most. The first success closes it.
 */
export class ConsecutiveFailureBreaker {
  #failures = 0;
  #failedProbes = 0;

  get open(): boolean {
    return this.#failures >= THRESHOLD;
  }

  get probeIntervalMs(): number {
    return Math.min(LAST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(Math.floor(this.#failedProbes / PROBES_PER_STEP), 4));
  }

  recordSuccess(): void {
    this.#failures = 0;
    this.#failedProbes = 0;
  }

  /** @param probe the call was let through while the breaker was open; calls that were under way before do not count as probes. */
  recordFailure(probe: boolean): void {
    this.#failures += 1;
    if (probe) this.#failedProbes += 1;
  }
}
