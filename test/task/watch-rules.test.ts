import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { AccessDenied, Forbidden, TaskNotFound, UpstreamUnavailable } from '../../src/errors.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { OWN, TaskHarness } from './task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const withoutResult = (id: string) => report(id, 'SUCCESS', { resultUrl: null });

describe('a SUCCESS without its result', () => {
  test('is shown, polled on, and finished by its result', async () => {
    const source = new ScriptedSource(withoutResult);
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe('task');
    await pass(10_500);
    expect(watcher).toMatchObject({ end: 'open', last: { finished: false, task: { status: 'SUCCESS' } } });
    expect(source.calls.length).toBeGreaterThanOrEqual(10);
    source.answer = (id) => report(id, 'SUCCESS');
    await pass(1_500);
    expect(watcher).toMatchObject({ end: 'completed', last: { finished: true } });
    const calls = source.calls.length;
    await harness.registry.get('task', OWN);
    expect(source.calls).toHaveLength(calls);
  });

  test.each([
    [1_000, 30_000],
    [5_000, 50_000],
  ])('with an interval of %i ms is finished after a grace of %i ms', async (intervalMs, graceMs) => {
    const source = new ScriptedSource(withoutResult);
    await using harness = new TaskHarness({ source, intervalMs });
    const watcher = harness.subscribe('task');
    await pass(graceMs - 100);
    expect(watcher.end).toBe('open');
    await pass(intervalMs + 200);
    expect(watcher).toMatchObject({ end: 'completed', last: { finished: true, stale: false } });
  });

  test('is finished by the end of the grace even if A2E fails by then', async () => {
    const source = new ScriptedSource(withoutResult);
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe('task');
    await pass(25_000);
    source.answer = () => new UpstreamUnavailable('down');
    await pass(60_000);
    expect(watcher).toMatchObject({ end: 'completed', last: { finished: true, stale: false } });
  });
});

describe('a task seen before that A2E calls unknown', () => {
  test('is stale, and gone after five minutes without a break', async () => {
    const source = new ScriptedSource();
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe('task');
    await pass(2_000);
    source.answer = () => null;
    await pass(290_000);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: true } });
    await pass(80_000);
    expect(watcher.end).toBe('failed');
    expect(watcher.error).toBeInstanceOf(TaskNotFound);
    const answer = harness.registry.get('task', OWN);
    await pass(1);
    expect(await answer).toBeNull();
  });

  test('is not gone when A2E shows it in between', async () => {
    const source = new ScriptedSource();
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe('task');
    await pass(2_000);
    for (let n = 0; n < 3; n += 1) {
      source.answer = () => null;
      await pass(240_000);
      source.answer = (id) => report(id);
      await pass(61_000);
    }
    expect(watcher).toMatchObject({ end: 'open', last: { stale: false } });
  });
});

describe('a task that A2E denies', () => {
  test('ends its subscription with FORBIDDEN after the grace, and fails a query at once', async () => {
    const source = new ScriptedSource((id) => (id === 'good' ? report(id) : new AccessDenied('no')));
    await using harness = new TaskHarness({ source });
    harness.subscribe('good');
    await pass(1_000);
    const watcher = harness.subscribe('denied');
    await pass(2_500);
    expect(watcher.end).toBe('open');
    await pass(5_000);
    expect(watcher.error).toBeInstanceOf(Forbidden);
    const refused = expect(harness.registry.get('denied', OWN)).rejects.toBeInstanceOf(Forbidden);
    await pass(1_000);
    await refused;
  });

  test('that it has shown before is a missed poll', async () => {
    const source = new ScriptedSource();
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe('task');
    for (let n = 0; n < 5; n += 1) harness.subscribe(`other-${n}`);
    await pass(2_000);
    source.answer = (id) => (id === 'task' ? new AccessDenied('no') : report(id));
    await pass(30_000);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: true } });
    expect(harness.schedulers.for(OWN).state.kind).toBe('closed');
  });
});

describe('a step of the wall clock', () => {
  test.each([-3_600_000, -20_000, 3_600_000])('of %i ms changes nothing', async (byMs) => {
    const source = new ScriptedSource();
    await using harness = new TaskHarness({ source, maxRps: 10 });
    const watcher = harness.subscribe('task');
    await pass(5_000);
    vi.setSystemTime(Date.now() + byMs);
    const [calls, startedAt] = [source.calls.length, performance.now()];
    const answer = harness.registry.get('anew', OWN);
    await pass(1_500);
    expect(await answer).toMatchObject({ task: { id: 'anew' } });
    await pass(8_500);
    expect(performance.now() - startedAt).toBe(10_000);
    expect(source.calls.slice(calls).filter(({ id }) => id === 'task')).toHaveLength(10);
    expect(watcher.states.some(({ stale }) => stale)).toBe(false);
  });
});
