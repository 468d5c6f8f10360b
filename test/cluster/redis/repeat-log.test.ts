import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RepeatLog } from '../../../src/cluster/redis/repeat-log.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('the first event is a line at once, then a summary with counts every 30 s at most', () => {
  const write = vi.fn();
  const log = new RepeatLog(write);
  log.add('ECONNREFUSED');
  expect(write.mock.calls).toEqual([[{ ECONNREFUSED: 1 }, 'ECONNREFUSED', false]]);
  for (let second = 0; second < 30; second += 1) {
    log.add(second % 2 === 0 ? 'ECONNREFUSED' : 'TIMEOUT');
    vi.advanceTimersByTime(1000);
  }
  expect(write).toHaveBeenCalledTimes(1);
  log.add('TIMEOUT');
  expect(write.mock.calls[1]).toEqual([{ ECONNREFUSED: 15, TIMEOUT: 16 }, 'TIMEOUT', true]);
});

test('the end of the events is a line where they had one, with the counts since', () => {
  const log = new RepeatLog(vi.fn());
  expect(log.end()).toBeNull();
  log.add('TIMEOUT');
  log.add('TIMEOUT');
  expect(log.end()).toEqual({ TIMEOUT: 1 });
  expect(log.end()).toBeNull();
});

test('events that end and begin again have two lines in 30 s, and are a first one each time', () => {
  const write = vi.fn();
  const log = new RepeatLog(write);
  let ends = 0;
  for (let second = 0; second < 60; second += 1) {
    log.add('TIMEOUT');
    if (log.end()) ends += 1;
    vi.advanceTimersByTime(1000);
  }
  expect(ends).toBe(2);
  expect(write.mock.calls).toEqual([
    [{ TIMEOUT: 1 }, 'TIMEOUT', false],
    [{ TIMEOUT: 30 }, 'TIMEOUT', false],
  ]);
});
