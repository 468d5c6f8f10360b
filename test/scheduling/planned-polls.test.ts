import { expect, test } from 'vitest';
import { PlannedPolls } from '../../src/scheduling/planned-polls.ts';
import { GapPlaces } from '../../src/scheduling/poll-places.ts';

const DAY_MS = 24 * 3_600_000;

/** Counts the searches among the planned polls. */
class CountingPolls extends PlannedPolls {
  lookups = 0;

  override firstAfter(at: number): number {
    this.lookups += 1;
    return super.firstAfter(at);
  }

  override lastBefore(at: number): number {
    this.lookups += 1;
    return super.lastBefore(at);
  }

  override countIn(slot: number): number {
    this.lookups += 1;
    return super.countIn(slot);
  }
}

test.each([2_000, 3_600_000, 20 * DAY_MS])('ten polls per interval of %i ms: few lookups, however long it is', (ms) => {
  const planned = new CountingPolls(ms);
  const rate = 10 / ms;
  // Half of them in one instant, and the others near to it.
  for (let n = 0; n < 10; n += 1) planned.add({ dueAt: ms, callAt: ms + Math.max(0, n - 5) * 0.01 * ms, rate: 1 / ms });
  planned.lookups = 0;
  const places = new GapPlaces(planned, rate);
  expect(places.isEven(ms)).toBe(false);
  const near = [...places.near(ms, 0.1 * ms)];
  expect(near.length).toBeLessThanOrEqual(planned.size + 1);
  expect(near.some((at) => places.crowding(at) <= 0)).toBe(true);
  expect(planned.lookups).toBeLessThanOrEqual(5 * planned.size);
});

test('places are made one by one: the first one that fits ends the search', () => {
  const planned = new CountingPolls(DAY_MS);
  for (let n = 0; n < 1_000; n += 1) planned.add({ dueAt: 0, callAt: n * 100, rate: 1 / DAY_MS });
  planned.lookups = 0;
  const [first] = new GapPlaces(planned, 0.02).near(50_000, 0.1 * DAY_MS);
  expect(first).toBe(50_042.5);
  expect(planned.lookups).toBe(2);
});
