import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Readiness } from '../../src/observability/readiness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SECOND = 1_000;

test('a refused token keeps traffic away while it is refused again and again', () => {
  const readiness = new Readiness(() => 'single');
  readiness.phase = 'ready';
  for (let probe = 0; probe < 20; probe += 1) {
    readiness.upstream = 'refused';
    vi.advanceTimersByTime(13 * SECOND);
    expect(readiness.report()).toMatchObject({ ready: false, upstream: 'refused' });
  }
});

test('readiness recovers 30 s after the last refusal, because a probe needs traffic', () => {
  const readiness = new Readiness(() => 'single');
  readiness.phase = 'ready';
  readiness.upstream = 'refused';
  vi.advanceTimersByTime(31 * SECOND);
  expect(readiness.report()).toMatchObject({ ready: true, upstream: 'ok' });
  readiness.upstream = 'refused';
  expect(readiness.report()).toMatchObject({ ready: false });
});

test('upstream stays away until it answers again', () => {
  const readiness = new Readiness(() => 'single');
  readiness.phase = 'ready';
  readiness.upstream = 'away';
  vi.advanceTimersByTime(3_600 * SECOND);
  expect(readiness.report()).toMatchObject({ ready: true, upstream: 'away' });
});
