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

const messages = () => lines.map(({ msg }) => msg);

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
  expect(messages()).toEqual(['A2E fails', 'A2E answers again', 'A2E fails', 'A2E answers again']);
});

test('an outage with another reason is a line at once, three in 30 s', () => {
  for (const reason of ['HTTP 500', 'ECONNREFUSED', 'TIMEOUT', 'ENOTFOUND', 'HTTP 500']) {
    outage.failed(reason);
    outage.succeeded();
    vi.advanceTimersByTime(1_000);
  }
  expect(lines.flatMap(({ reason = [] }) => reason)).toEqual(['HTTP 500', 'ECONNREFUSED', 'TIMEOUT']);
  expect(lines).toHaveLength(6);
});

test('a server is away after an interval without a success, and back with the first success', () => {
  outage.failed('TIMEOUT');
  expect(outage.away).toBe(false);
  vi.advanceTimersByTime(1_000);
  expect(outage.away).toBe(true);
  outage.succeeded();
  expect(outage.away).toBe(false);
});

test('enough failures make a server away at once, until a success', () => {
  outage.confirm();
  expect(outage.away).toBe(false);
  outage.failed('ECONNREFUSED');
  outage.confirm();
  expect(outage.away).toBe(true);
  outage.succeeded();
  outage.failed('ECONNREFUSED');
  expect(outage.away).toBe(false);
});

test('a success from before the last failure is no recovery', () => {
  outage.failed('TIMEOUT');
  outage.succeeded(performance.now() - 1);
  expect(outage.isFailing).toBe(true);
  outage.succeeded(performance.now() + 1);
  expect(outage.isFailing).toBe(false);
});

test('a failure counts for 90 s where no call follows it', () => {
  outage.failed('HTTP 502');
  vi.advanceTimersByTime(90_000);
  expect(outage.away).toBe(true);
  vi.advanceTimersByTime(1);
  expect(outage.away).toBe(false);
});

test('a failure weeks after an outage that ended without calls begins an outage of its own', () => {
  outage.failed('HTTP 502');
  outage.confirm();
  vi.advanceTimersByTime(21 * 86_400_000);
  outage.failed('HTTP 503');
  expect(outage.away).toBe(false);
  expect(messages()).toEqual(['A2E fails', 'A2E fails']);
  vi.advanceTimersByTime(2_000);
  outage.succeeded();
  expect(lines.at(-1)).toMatchObject({ msg: 'A2E answers again', failedForMs: 2_000 });
});
