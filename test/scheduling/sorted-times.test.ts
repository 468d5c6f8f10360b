import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SortedTimes } from '../../src/scheduling/sorted-times.ts';

const MOST = 3_000;

test('finds the neighbours of any time among many, with equal ones, while times come and go', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(MOST), { minLength: 1_000, maxLength: 2_500 }), fc.nat(999), (added, kept) => {
      const times = new SortedTimes();
      for (const at of added) times.add(at);
      const [gone, left] = [added.slice(kept), added.slice(0, kept)];
      for (const at of gone) times.remove(at);
      for (const at of [-1, 0, ...added.slice(0, 20), MOST, MOST + 1]) {
        expect(times.firstAfter(at)).toBe(Math.min(...left.filter((time) => time > at)));
        expect(times.lastBefore(at)).toBe(Math.max(...left.filter((time) => time < at)));
      }
      for (const at of left) times.remove(at);
      expect(times.lastBefore(Number.POSITIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
    }),
    { numRuns: 20 },
  );
});
