import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UpstreamUnavailable } from '../../src/errors.ts';
import { mostWithin } from './most-within.ts';
import { report } from './scripted-source.ts';
import { OWN, TaskHarness } from './task-harness.ts';

const TASKS = 500;
const LATENCY_MS = 50;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** An outage that ends just after a probe has failed, so that the longest wait for the next one follows. */
class Outage {
  readonly #harness: TaskHarness;
  #isDown = false;
  recoveredAt = Number.NaN;
  openedAt = Number.NaN;

  constructor(harness: TaskHarness) {
    this.#harness = harness;
    harness.source.latencyMs = LATENCY_MS;
    harness.source.answer = (id) => (this.#isDown ? new UpstreamUnavailable('down') : report(id));
  }

  get probes(): number[] {
    return this.#harness.source.times().filter((at) => at > this.openedAt && at < this.recoveredAt);
  }

  async last(ms: number): Promise<void> {
    const { events, schedulers, source } = this.#harness;
    this.#isDown = true;
    const until = Date.now() + ms;
    while (!events.some(({ kind }) => kind === 'breaker-opened')) await pass(10);
    this.openedAt = Date.now();
    await pass(until - Date.now());
    const probes = source.calls.length;
    while (source.calls.length === probes || source.running > 0) await pass(10);
    expect(schedulers.for(OWN).state.kind).toBe('open');
    this.#isDown = false;
    this.recoveredAt = Date.now();
  }
}

describe.each([
  [1_000, null],
  [3_000, null],
  [10_000, null],
  [3_000, 200],
])('500 watched tasks, an interval of %i ms, UPSTREAM_MAX_RPS %s', (intervalMs, maxRps) => {
  test.each([60_000, 600_000])(
    'A2E is down for %i ms: a probe per second at most, fresh within two intervals',
    async (downMs) => {
      await using harness = new TaskHarness({ intervalMs, maxIntervalMs: 10_000, maxRps });
      const watchers = Array.from({ length: TASKS }, (_, n) => harness.subscribe(`task-${n}`));
      const outage = new Outage(harness);
      await pass(30_000);
      await outage.last(downMs);
      expect(mostWithin(outage.probes, 1_000)).toBe(1);
      expect(watchers.every(({ end, last }) => end === 'open' && last?.stale)).toBe(true);

      const deadline = outage.recoveredAt + 2 * intervalMs;
      while (watchers.some(({ last }) => last?.stale) && Date.now() < deadline + intervalMs) await pass(10);
      const freshMs = Date.now() - outage.recoveredAt;
      expect(freshMs).toBeLessThanOrEqual(2 * intervalMs);
      await pass(1_000);
      const after = harness.source.times().filter((at) => at >= outage.recoveredAt);
      if (maxRps !== null) expect(mostWithin(after, 1_000)).toBeLessThanOrEqual(maxRps * 1.05 + 1);
      process.stdout.write(
        `interval ${intervalMs} ms, ${maxRps ?? 'any'} rps, down ${downMs / 1_000} s: ${outage.probes.length} probes, ` +
          `${mostWithin(after, 1_000)} calls at most in a second of recovery, the last state fresh after ${freshMs} ms\n`,
      );
    },
  );
});
