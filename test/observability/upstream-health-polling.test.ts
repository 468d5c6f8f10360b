import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../../src/cluster/memory/memory-hub.ts';
import { UpstreamUnavailable } from '../../src/errors.ts';
import { createLogger } from '../../src/observability/log.ts';
import { OutageLog } from '../../src/observability/outage-log.ts';
import { UpstreamHealth } from '../../src/observability/upstream-health.ts';
import { PolledTasks } from '../../src/scheduling/polled-tasks.ts';
import type { WatchState } from '../../src/task/watch-state.ts';
import { report } from '../task/scripted-source.ts';
import { TaskHarness, type TaskHarnessOptions } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const DOWN = new UpstreamUnavailable('down', { reason: 'HTTP 503' });
const REFUSED = new UpstreamUnavailable('no connection', { unreachable: true, reason: 'ECONNREFUSED' });
/** The defaults of `POLL_INTERVAL_MS` and `POLL_MAX_INTERVAL_MS`. */
const DEFAULTS = { intervalMs: 3_000, maxIntervalMs: 10_000 };

/** A gateway whose calls are judged, with the messages of its log. */
function startGateway(options: TaskHarnessOptions & { readonly intervalMs: number }) {
  const messages: string[] = [];
  const log = createLogger('info', { write: (line) => void messages.push((JSON.parse(line) as { msg: string }).msg) });
  const { intervalMs } = options;
  const outage = new OutageLog({ log, name: 'A2E', awayAfterMs: intervalMs, failureCountsForMs: 90_000 });
  const polled = new PolledTasks();
  const calls = new UpstreamHealth({ outage, polled, silentAfterMs: intervalMs });
  return { messages, health: calls, harness: new TaskHarness({ ...options, health: { calls, polled } }) };
}

test('one unchanged task at the default intervals: A2E is away an interval after the first failed call', async () => {
  const { messages, health, harness } = startGateway(DEFAULTS);
  await using gateway = harness;
  gateway.subscribe('task');
  await pass(120_000);
  const calls = gateway.source.calls.length;
  gateway.source.answer = () => REFUSED;
  while (gateway.source.calls.length === calls) await pass(1);
  expect([messages, health.away]).toEqual([['A2E fails'], false]);
  await pass(DEFAULTS.intervalMs);
  expect(health.away).toBe(true);
  gateway.source.answer = (id) => report(id);
  await pass(60_000);
  expect([messages, health.away]).toEqual([['A2E fails', 'A2E answers again'], false]);
});

test('ids that A2E never answers are no outage for an hour, beside tasks that are polled rarely', async () => {
  const { messages, health, harness } = startGateway(DEFAULTS);
  await using gateway = harness;
  gateway.source.answer = (id) => (id.startsWith('bad') ? DOWN : report(id));
  for (const id of ['good-1', 'good-2']) gateway.subscribe(id);
  await pass(60_000);
  for (let n = 0; n < 5; n += 1) gateway.subscribe(`bad-${n}`);
  for (let second = 0; second < 3_600; second += 1) {
    await pass(1_000);
    if (second % 60 === 0) for (let n = 0; n < 5; n += 1) gateway.subscribe(`bad-${n}`);
    if (health.away) break;
  }
  expect([messages, health.away]).toEqual([[], false]);
});

test('a gateway that only follows its peers learns from them that A2E is back', async () => {
  const hub = new MemoryHub<WatchState>();
  const [one, two] = [startGateway({ hub, intervalMs: 1_000 }), startGateway({ hub, intervalMs: 1_000 })];
  await using stack = new AsyncDisposableStack();
  for (const { harness } of [one, two]) stack.use(harness).subscribe('task');
  await pass(5_000);
  for (const { harness } of [one, two]) harness.source.answer = () => DOWN;
  while (!(one.health.away && two.health.away)) await pass(100);
  one.harness.source.answer = (id) => report(id);
  await pass(120_000);
  const calls = two.harness.source.calls.length;
  await pass(10_000);
  expect(two.harness.source.calls).toHaveLength(calls);
  expect([one.health.away, two.health.away]).toEqual([false, false]);
  expect(two.messages.at(-1)).toBe('A2E answers again');
});

test('an open circuit whose viewers have left counts as an outage for 90 s', async () => {
  const { health, harness } = startGateway({ intervalMs: 1_000 });
  await using gateway = harness;
  const watchers = Array.from({ length: 12 }, (_, n) => gateway.subscribe(`task-${n}`));
  await pass(5_000);
  gateway.source.answer = () => REFUSED;
  await pass(5_000);
  expect(health.away).toBe(true);
  for (const watcher of watchers) watcher.leave();
  await pass(80_000);
  expect(health.away).toBe(true);
  await pass(15_000);
  expect(health.away).toBe(false);
});
