import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UpstreamUnavailable } from '../../src/errors.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { OWN, TaskHarness } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const INTERVAL_MS = 500;
/** `UPSTREAM_TIMEOUT_MS`: a silent call holds its permit for this long. */
const SILENCE_MS = 10_000;

/** Answers for `good` at once; every other call fails after a time of silence. */
class SilentSource extends ScriptedSource {
  override async read(...args: Parameters<ScriptedSource['read']>): ReturnType<ScriptedSource['read']> {
    if (args[0] !== 'good') {
      await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
      throw new UpstreamUnavailable('A2E did not answer in time');
    }
    return super.read(...args);
  }
}

// A bulkhead needs a permit on each side, so one permit alone has none.
test.each([2, 3, 4])('%i permits and 200 silent ids: a proven task is polled every 1.1 s', async (maxConcurrency) => {
  const source = new SilentSource((id) => report(id));
  await using harness = new TaskHarness({
    source,
    intervalMs: INTERVAL_MS,
    maxIntervalMs: INTERVAL_MS,
    maxConcurrency,
  });
  const watcher = harness.subscribe('good');
  await pass(2_000);
  const calls = source.times('good').length;
  for (let n = 0; n < 100; n += 1) harness.subscribe(`bad-${n}`);
  const asked = Promise.allSettled(Array.from({ length: 100 }, (_, n) => harness.registry.get(`asked-${n}`, OWN)));
  await pass(60_000);
  const times = source.times('good').slice(calls);
  expect(Math.max(...times.slice(1).map((at, n) => at - (times[n] ?? at)))).toBeLessThanOrEqual(1_100);
  expect(times.length).toBeGreaterThan(100);
  expect(watcher.states.some(({ stale }) => stale)).toBe(false);
  await asked;
});
