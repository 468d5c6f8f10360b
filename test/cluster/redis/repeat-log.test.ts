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

test('after a reset the next event is a first one again', () => {
  const write = vi.fn();
  const log = new RepeatLog(write);
  log.add('TIMEOUT');
  log.add('TIMEOUT');
  expect(log.reset()).toEqual({ TIMEOUT: 1 });
  log.add('NOAUTH');
  expect(write.mock.calls[1]).toEqual([{ NOAUTH: 1 }, 'NOAUTH', false]);
});
