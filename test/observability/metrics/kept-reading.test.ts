import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { keptReading } from '../../../src/observability/metrics/kept-reading.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('a reading is taken at the first scrape, and anew when its time is over', () => {
  const read = vi.fn<() => number>().mockReturnValueOnce(7).mockReturnValueOnce(8);
  const kept = keptReading(5_000, read);
  expect(read).not.toHaveBeenCalled();
  expect(kept()).toBe(7);
  vi.advanceTimersByTime(4_999);
  expect(kept()).toBe(7);
  vi.advanceTimersByTime(1);
  expect(kept()).toBe(8);
});
