import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { UpstreamUnavailable } from '../../src/errors.ts';
import { report, ScriptedSource } from '../task/scripted-source.ts';
import { callers, OWN, TaskHarness } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const INTERVAL_MS = 500;
const FIXED_INTERVAL = { intervalMs: INTERVAL_MS, maxIntervalMs: INTERVAL_MS };
const DOWN = new UpstreamUnavailable('down');

test('the origin unreachable: the first probe is of a proven task that is not due yet, not of an unproven one that is', async () => {
  await using harness = new TaskHarness({ intervalMs: 3_000, maxIntervalMs: 3_000 });
  const { source } = harness;
  harness.subscribe('good');
  await pass(100);
  const unreachable = new UpstreamUnavailable('no connection', { unreachable: true });
  source.answer = (id) => (id === 'good' ? report(id) : unreachable);
  for (let n = 0; n < 20; n += 1) harness.subscribe(`bad-${n}`);
  while (harness.events.length === 0) await pass(10);
  const calls = source.calls.length;
  while (harness.schedulers.for(OWN).state.kind !== 'closed') await pass(10);
  expect(source.calls.slice(calls).map(({ id }) => id)).toEqual(['good']);
});

test('a proven task that backs off is probed before unproven ones that are due', async () => {
  await using harness = new TaskHarness(FIXED_INTERVAL);
  const { source } = harness;
  harness.subscribe('good');
  await pass(2_000);
  source.answer = () => DOWN;
  while (harness.events.length === 0) await pass(10);
  for (let n = 0; n < 100; n += 1) harness.subscribe(`bad-${n}`);
  await pass(60_000);
  source.answer = (id) => (id === 'good' ? report(id) : DOWN);
  const recoveredAt = Date.now();
  while (harness.schedulers.for(OWN).state.kind !== 'closed') await pass(10);
  // The present probe and the next one, 10 s apart at most.
  expect(Date.now() - recoveredAt).toBeLessThanOrEqual(20_000);
});

test('with two tasks, never the same one twice in a row', async () => {
  await using harness = new TaskHarness(FIXED_INTERVAL);
  const { source } = harness;
  for (const id of ['one', 'two']) harness.subscribe(id);
  await pass(2_000);
  source.answer = () => DOWN;
  while (harness.events.length === 0) await pass(10);
  const calls = source.calls.length;
  await pass(120_000);
  const ids = source.calls.slice(calls).map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(10);
  expect(ids.slice(1).filter((id, n) => id === ids[n])).toEqual([]);
});

test('a new task has its first answer in time, though 100 failing ids wait for the circuit', async () => {
  await using harness = new TaskHarness(FIXED_INTERVAL);
  const { source } = harness;
  source.answer = (id) => (id === 'good' ? report(id) : DOWN);
  for (let n = 0; n < 100; n += 1) harness.subscribe(`bad-${n}`);
  await pass(60_000);
  const watcher = harness.subscribe('good');
  await pass(11_000);
  expect(watcher.last).toMatchObject({ stale: false });
});

test('silent probes of invented tokens leave the permits of proven tasks free', async () => {
  /** Answers a known token at once, and holds each call of another one for `troubleMs`. */
  class SlowForOthers extends ScriptedSource {
    troubleMs = 10;
    override async read(...args: Parameters<ScriptedSource['read']>): ReturnType<ScriptedSource['read']> {
      if (args[1].token !== 'known') await new Promise((resolve) => setTimeout(resolve, this.troubleMs));
      return super.read(...args);
    }
  }
  const source = new SlowForOthers((id, token) => (token === 'known' ? report(id) : DOWN));
  await using harness = new TaskHarness({ source, ...FIXED_INTERVAL, maxConcurrency: 8 });
  const watcher = harness.subscribe('good', callers('known'));
  await pass(2_000);
  const invented = Array.from({ length: 16 }, (_, n) => callers(`invented-${n}`));
  for (const token of invented) for (let n = 0; n < 12; n += 1) harness.subscribe(`bad-${n}`, token);
  const isOpen = () => invented.every((token) => harness.schedulers.for(token).state.kind === 'open');
  while (!isOpen()) await pass(10);
  source.troubleMs = 10_000;
  const from = source.times('good').length;
  await pass(30_000);
  const times = source.times('good').slice(from);
  expect(Math.max(...times.slice(1).map((at, n) => at - (times[n] ?? at)))).toBeLessThanOrEqual(1_100);
  expect(watcher.states.some(({ stale }) => stale)).toBe(false);
});
