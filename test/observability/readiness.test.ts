import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Readiness } from '../../src/observability/readiness.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const SECOND = 1_000;

test('a refused token keeps traffic away while it is refused again and again', () => {
  const readiness = new Readiness(() => 'single');
  readiness.phase = 'ready';
  for (let probe = 0; probe < 20; probe += 1) {
    readiness.tokenRefused();
    vi.advanceTimersByTime(13 * SECOND);
    expect(readiness.report()).toMatchObject({ ready: false, upstream: 'refused' });
  }
});

test('readiness recovers 30 s after the last refusal, because a probe needs traffic', () => {
  const readiness = new Readiness(() => 'single');
  readiness.phase = 'ready';
  readiness.tokenRefused();
  vi.advanceTimersByTime(31 * SECOND);
  expect(readiness.report()).toMatchObject({ ready: true, upstream: 'ok' });
  readiness.tokenRefused();
  expect(readiness.report()).toMatchObject({ ready: false });
});

test('upstream is away while the calls say so, and a refused token comes first', () => {
  const upstream = { away: true };
  const readiness = new Readiness(() => 'single', { upstream });
  readiness.phase = 'ready';
  expect(readiness.report()).toMatchObject({ ready: true, upstream: 'away' });
  readiness.tokenRefused();
  expect(readiness.upstream).toBe('refused');
  readiness.tokenAccepted();
  upstream.away = false;
  expect(readiness.upstream).toBe('ok');
});
