import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TaskNotFound, TokenRefused, Unauthenticated, UpstreamUnavailable } from '../../src/errors.ts';
import { report, ScriptedSource } from './scripted-source.ts';
import { callers, OWN, TaskHarness } from './task-harness.ts';

const ID = 'task-1';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('the visibility of a refusal', () => {
  test('a refused token of a caller ends its subscriptions alone, and its queries', async () => {
    const source = new ScriptedSource((id, token) => (token === 'bad' ? new TokenRefused('no') : report(id)));
    await using harness = new TaskHarness({ source });
    const [good, bad] = [harness.subscribe(ID, callers('good')), harness.subscribe(ID, callers('bad'))];
    await pass(3_000);
    expect(bad).toMatchObject({ end: 'failed', events: [], error: expect.any(Unauthenticated) });
    expect(good).toMatchObject({ end: 'open', last: { stale: false } });
    const refused = expect(harness.registry.get(ID, callers('bad'))).rejects.toBeInstanceOf(Unauthenticated);
    await pass(0);
    await refused;
    await pass(5_000);
    expect(harness.registry.watchedCount).toBe(1);
  });

  test('a token that is good again some time later is not refused for its past', async () => {
    const source = new ScriptedSource(() => new TokenRefused('no'));
    await using harness = new TaskHarness({ source });
    expect(harness.subscribe(ID, callers('x'))).toMatchObject({ end: 'open' });
    await pass(10_000);
    source.answer = (id) => report(id);
    const again = harness.subscribe(ID, callers('x'));
    await pass(100);
    expect(again).toMatchObject({ end: 'open', last: { stale: false } });
  });

  test('a token that was refused some time ago is not refused again while its check is under way', async () => {
    const source = new ScriptedSource(() => new TokenRefused('no'));
    await using harness = new TaskHarness({ source });
    harness.subscribe(ID, callers('x'));
    await pass(10_000);
    source.answer = (id) => report(id);
    source.latencyMs = 5_000;
    const again = harness.subscribe(ID, callers('x'));
    await pass(4_500);
    expect(again.end).toBe('open');
    await pass(1_000);
    expect(again).toMatchObject({ end: 'open', last: { stale: false } });
  });

  test('after a refusal the last good state is shown, stale, until a probe tells whether the token is good again', async () => {
    const source = new ScriptedSource();
    await using harness = new TaskHarness({ source });
    harness.subscribe(ID, callers('x'));
    await pass(500);
    source.answer = () => new TokenRefused('no');
    await pass(5_000);
    source.answer = () => new UpstreamUnavailable('down');
    for (let n = 0; n < 12; n += 1) harness.subscribe(`other-${n}`, callers('x'));
    await pass(1_000);
    expect(harness.schedulers.for(callers('x')).state).toMatchObject({ kind: 'open', reason: 'origin-failing' });
    const again = harness.subscribe(ID, callers('x'));
    await pass(1_000);
    expect(again).toMatchObject({ end: 'open', last: { stale: true } });
    await pass(20_000);
    expect(again).toMatchObject({ end: 'open', last: { stale: true }, events: { length: 1 } });
  });

  test("the gateway's own refused token ends no subscription", async () => {
    await using harness = new TaskHarness();
    const watcher = harness.subscribe(ID);
    await pass(100);
    harness.source.answer = () => new TokenRefused('no');
    await pass(61_000);
    expect(harness.source.calls.length).toBeLessThanOrEqual(2 + 6);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: true } });
    harness.source.answer = (id) => report(id);
    await pass(12_000);
    expect(watcher.last?.stale).toBe(false);
    expect(harness.events.filter(({ kind }) => kind === 'token-accepted')).toHaveLength(1);
  });
});

describe('a task that cannot be read yet', () => {
  test('gets a grace of three intervals', async () => {
    await using harness = new TaskHarness({ source: new ScriptedSource(() => null) });
    const watcher = harness.subscribe(ID);
    await pass(2_999);
    expect(watcher.end).toBe('open');
    await pass(1);
    expect(watcher).toMatchObject({ end: 'failed', error: expect.any(TaskNotFound) });
  });

  test('is shown when it appears within the grace', async () => {
    const source = new ScriptedSource(() => null);
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe(ID);
    await pass(1_900);
    source.answer = (id) => report(id);
    await pass(10_000);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: false } });
  });

  test('is not "not found" because of an outage; without any answer it ends with an error in time', async () => {
    const source = new ScriptedSource(() => new UpstreamUnavailable('down'));
    await using harness = new TaskHarness({ source });
    const watcher = harness.subscribe(ID);
    await pass(14_999);
    expect(watcher.end).toBe('open');
    await pass(1);
    expect(watcher).toMatchObject({ end: 'failed', error: { code: 'UPSTREAM_UNAVAILABLE' } });
  });

  test('is not "not found" because it was so before: the check under way decides', async () => {
    const source = new ScriptedSource(() => null);
    await using harness = new TaskHarness({ source });
    const before = harness.registry.get(ID, OWN);
    await pass(500);
    expect(await before).toBeNull();
    source.answer = (id) => report(id);
    source.latencyMs = 5_000;
    const watcher = harness.subscribe(ID);
    await pass(4_500);
    expect(watcher.end).toBe('open');
    await pass(1_500);
    expect(watcher).toMatchObject({ end: 'open', last: { stale: false } });
  });

  test('without a recent answer it is unknown and not "not found", also after an earlier answer', async () => {
    const source = new ScriptedSource(() => null);
    await using harness = new TaskHarness({ source });
    const before = harness.registry.get(ID, OWN);
    await pass(5_000);
    expect(await before).toBeNull();
    source.latencyMs = 60_000;
    const watcher = harness.subscribe(ID);
    await pass(15_000);
    expect(watcher).toMatchObject({ end: 'failed', error: { code: 'UPSTREAM_UNAVAILABLE' } });
  });

  test('each subscriber has a grace of its own', async () => {
    await using harness = new TaskHarness({ source: new ScriptedSource(() => null) });
    harness.subscribe(ID);
    await pass(2_000);
    const second = harness.subscribe(ID);
    await pass(2_000);
    expect(second.end).toBe('open');
    await pass(1_000);
    expect(second.end).toBe('failed');
  });
});
