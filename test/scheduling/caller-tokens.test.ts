import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { TokenRefused } from '../../src/errors.ts';
import { type Answer, report, ScriptedSource } from '../task/scripted-source.ts';
import { callers, TaskHarness } from '../task/task-harness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const MAX_CONCURRENCY = 16;

/** An upstream that takes `latencyMs` for every answer and accepts the tokens that `isAccepted` names. */
function slowSource(isAccepted: (token: string) => boolean): ScriptedSource {
  const answer = (id: string, token: string): Answer => (isAccepted(token) ? report(id) : new TokenRefused('refused'));
  return Object.assign(new ScriptedSource(answer), { latencyMs: 100 });
}

/** The end of each query: `answered`, or the code of its error. */
function ask(harness: TaskHarness, token: string, ids: number): Promise<string[]> {
  const asked = Array.from({ length: ids }, (_, n) =>
    harness.registry.get(`task-${n}`, callers(token)).then(
      () => 'answered',
      (error: unknown) => (error instanceof Error && 'code' in error ? String(error.code) : 'unknown'),
    ),
  );
  return Promise.all(asked);
}

test('after a 401 the queued calls of the token fail at once, and for a second without a call', async () => {
  const source = slowSource(() => false);
  await using harness = new TaskHarness({ source, maxConcurrency: MAX_CONCURRENCY });
  const ends = ask(harness, 'invented', 100);
  await pass(150);
  expect(new Set(await ends)).toEqual(new Set(['UNAUTHENTICATED']));
  expect(source.calls).toHaveLength(4);
  const again = ask(harness, 'invented', 50);
  await pass(10);
  expect(new Set(await again)).toEqual(new Set(['UNAUTHENTICATED']));
  expect(source.calls).toHaveLength(4);
});

test('a token that is good again a second later is asked for anew', async () => {
  let accepted = false;
  const source = slowSource(() => accepted);
  await using harness = new TaskHarness({ source, maxConcurrency: MAX_CONCURRENCY });
  const refused = ask(harness, 'token', 1);
  await pass(150);
  expect(await refused).toEqual(['UNAUTHENTICATED']);
  accepted = true;
  await pass(1_100);
  const ends = ask(harness, 'token', 1);
  await pass(150);
  expect(await ends).toEqual(['answered']);
});

test('tokens that A2E never accepted share a quarter of the permits', async () => {
  const source = slowSource((token) => token === 'known');
  await using harness = new TaskHarness({ source, maxConcurrency: MAX_CONCURRENCY });
  const first = ask(harness, 'known', 1);
  await pass(150);
  await first;
  source.latencyMs = 10_000;
  for (let token = 0; token < 50; token += 1) void ask(harness, `invented-${token}`, 10);
  await pass(100);
  expect(source.running).toBe(MAX_CONCURRENCY / 4);
  source.latencyMs = 10;
  const ends = ask(harness, 'known', 8);
  await pass(200);
  expect(new Set(await ends)).toEqual(new Set(['answered']));
  await pass(60_000);
});
