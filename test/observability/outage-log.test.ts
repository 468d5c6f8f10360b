import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createLogger } from '../../src/observability/log.ts';
import { OutageLog } from '../../src/observability/outage-log.ts';

let lines: Record<string, unknown>[];
let outage: OutageLog;

beforeEach(() => {
  vi.useFakeTimers();
  lines = [];
  const log = createLogger('info', { write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) });
  outage = new OutageLog({ log, name: 'A2E', awayAfterMs: 1_000, failureCountsForMs: 90_000 });
});
afterEach(() => void vi.useRealTimers());

test('an hour with a thousand failures a minute logs the first, a summary every 30 s, and the recovery', () => {
  for (let minute = 0; minute < 60; minute += 1)
    for (let call = 0; call < 1_000; call += 1) {
      outage.failed(call % 2 ? 'ECONNREFUSED' : 'HTTP 503');
      vi.advanceTimersByTime(60);
    }
  outage.succeeded();
  outage.succeeded();
  expect(lines.length).toBeLessThanOrEqual(2 + 120);
  expect(lines[0]).toMatchObject({ level: 40, msg: 'A2E fails', reason: 'HTTP 503', failures: { 'HTTP 503': 1 } });
  expect(lines[1]).toMatchObject({ msg: 'A2E still fails', failures: { ECONNREFUSED: 250, 'HTTP 503': 250 } });
  expect(lines.at(-1)).toMatchObject({ msg: 'A2E answers again', failedForMs: 3_600_000 });
});

test('alternating failures and successes log two lines in 30 s', () => {
  for (let call = 0; call < 600; call += 1) {
    outage.failed('HTTP 500');
    outage.succeeded();
    vi.advanceTimersByTime(100);
  }
  expect(lines.map(({ msg }) => msg)).toEqual(['A2E fails', 'A2E answers again', 'A2E fails', 'A2E answers again']);
});

test('a server is away after an interval without a success, and back with the first success', () => {
  outage.failed('TIMEOUT');
  expect(outage.away).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(outage.away).toBe(true);
  outage.succeeded();
  expect(outage.away).toBe(false);
});

test('a silent server is away after an interval, and stays away when its calls time out', () => {
  outage.silence.started();
  vi.advanceTimersByTime(999);
  expect(outage.away).toBe(false);
  vi.advanceTimersByTime(1);
  expect(outage.away).toBe(true);
  vi.advanceTimersByTime(9_000);
  outage.failed('TIMEOUT');
  outage.silence.unanswered();
  expect(outage.away).toBe(true);
});

test('each answer ends a silence, and the next one begins with it', () => {
  outage.silence.started();
  outage.silence.started();
  vi.advanceTimersByTime(900);
  outage.silence.answered(10);
  vi.advanceTimersByTime(900);
  expect(outage.away).toBe(false);
  vi.advanceTimersByTime(100);
  expect(outage.away).toBe(true);
  outage.silence.answered(1_900);
  expect(outage.away).toBe(false);
});

test('a server that takes longer than an interval for each answer is slow, not away', () => {
  outage.silence.started();
  vi.advanceTimersByTime(3_000);
  outage.silence.answered(3_000);
  outage.silence.started();
  vi.advanceTimersByTime(6_000);
  expect(outage.away).toBe(false);
  vi.advanceTimersByTime(1);
  expect(outage.away).toBe(true);
});

test('without calls there is no silence', () => {
  outage.silence.started();
  outage.silence.unanswered();
  vi.advanceTimersByTime(60_000);
  expect(outage.away).toBe(false);
});

test('an answer to another call interrupts a silence', () => {
  outage.silence.started();
  vi.advanceTimersByTime(900);
  outage.silence.interrupted();
  vi.advanceTimersByTime(900);
  expect(outage.away).toBe(false);
});

test('a failure counts for 90 s where no call follows it', () => {
  outage.failed('HTTP 502');
  vi.advanceTimersByTime(90_000);
  expect(outage.away).toBe(true);
  vi.advanceTimersByTime(1);
  expect(outage.away).toBe(false);
});
