import { expect, test } from 'vitest';
import { latenessBetween } from '../../../src/observability/status/quantile.ts';
import { StatusHistory } from '../../../src/observability/status/status-history.ts';
import { reportOf } from '../../../src/observability/status/status-report.ts';
import { readingAt } from './readings.ts';

test('a point has the rates of the time since the reading before', () => {
  const history = new StatusHistory(10);
  history.add(readingAt(0));
  expect(history.newest).toBeNull();
  history.add(
    readingAt(5, { calls: { 200: 40, 503: 10 }, saved: 500, delivered: 100, refusals: { flood: 5, host: 5 } }),
  );
  expect(history.newest).toMatchObject({ at: 5, calls: 10, failed: 2, saved: 100, delivered: 20, refused: 2 });
  expect(history.newest).toMatchObject({ viewers: 25, watched: 10, stale: 0, heap: 50, p50: null, p99: null });
});

test('it keeps a bounded number of points, the newest last', () => {
  const history = new StatusHistory(180);
  for (let index = 0; index <= 1_000; index += 1) history.add(readingAt(5 * index));
  const points = history.points();
  expect([points.length, points[0]?.at, points.at(-1)?.at]).toEqual([180, 4_105, 5_000]);
});

test('the report compares the newest reading with a minute before, and with the oldest', () => {
  const history = new StatusHistory(180);
  for (let index = 0; index <= 180; index += 1)
    history.add(readingAt(5 * index, { calls: { 200: 5 * index }, saved: 45 * index, redisAwayMs: 100 * index }));
  expect(reportOf(history, '1.2.3')).toMatchObject({
    version: '1.2.3',
    uptimeSeconds: 900,
    phase: 'ready',
    redis: 'connected',
    problems: [],
    minute: { calls: 1, saved: 9 },
    window: { seconds: 900, calls: 900, saved: 8_100, failed: 0, redisAwaySeconds: 18 },
  });
  expect(reportOf(new StatusHistory(1), '1.2.3')).toBeNull();
});

test('circuits that were not closed, and the time without Redis, stay in the points', () => {
  const history = new StatusHistory(180);
  history.add(readingAt(0));
  history.add(readingAt(5, { circuits: { closed: 1, open: 2, paused: 1, refused: 3 }, redisAwayMs: 1_250 }));
  for (const seconds of [10, 15]) history.add(readingAt(seconds, { redisAwayMs: 6_260 }));
  expect(history.points()).toMatchObject([
    { circuitsOpen: 2, circuitsPaused: 1, circuitsRefused: 3, redisAway: 25 },
    { circuitsOpen: 0, circuitsPaused: 0, circuitsRefused: 0, redisAway: 100 },
    { redisAway: 0 },
  ]);
});

test('in passthrough each token has the rate, so that the budget is never more than all of it', () => {
  const history = new StatusHistory(10);
  const circuits = { closed: 3, open: 0, paused: 1, refused: 0 };
  history.add(readingAt(0, { circuits }));
  history.add(readingAt(10, { circuits, calls: { 200: 200 }, maxRps: 10, permits: 0 }));
  expect(history.newest?.budget).toBe(50);
});

test('the budget is the used part of the rate, or of the permits where more of them is used', () => {
  const used = (values: Parameters<typeof readingAt>[1]): number | undefined => {
    const history = new StatusHistory(10);
    history.add(readingAt(0));
    history.add(readingAt(10, { calls: { 200: 50 }, ...values }));
    return history.newest?.budget;
  };
  expect(used({ permits: 16 })).toBe(25);
  expect(used({ maxRps: 10, permits: 0 })).toBe(50);
  expect(used({ maxRps: 10, permits: 64 })).toBe(100);
});

test('quantiles of lateness are interpolated within a bucket, as Prometheus does', () => {
  const infinite = Number.POSITIVE_INFINITY;
  const before = [
    [10, 5],
    [50, 5],
    [infinite, 5],
  ] as const;
  const after = [
    [10, 5],
    [50, 15],
    [infinite, 16],
  ] as const;
  expect(latenessBetween(before, before, 0.5)).toBeNull();
  expect(latenessBetween(before, after, 0.5)).toBeCloseTo(10 + (40 * 5.5) / 10);
  expect(latenessBetween(before, after, 0.99)).toBe(50);
  expect(
    latenessBetween(
      [],
      [
        [10, 4],
        [infinite, 4],
      ],
      0.5,
    ),
  ).toBe(5);
});
