import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DeadlineHeap, type HeapEntry } from '../../src/scheduling/deadline-heap.ts';

type Step =
  | { readonly kind: 'add'; readonly dueAt: number }
  | { readonly kind: 'take' }
  | { readonly kind: 'remove'; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('add' as const), dueAt: fc.integer({ min: 0, max: 20 }) }) },
  fc.record({ kind: fc.constant('take' as const) }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat(30) }),
);

test('behaves as a sorted list does under random pushes, pops and removals', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const queue = new DeadlineHeap<HeapEntry>();
      const list: HeapEntry[] = [];
      for (const each of steps) {
        if (each.kind === 'add') {
          const entry = { dueAt: each.dueAt, heapIndex: -1 };
          queue.push(entry);
          list.push(entry);
        } else {
          const gone = each.kind === 'take' ? queue.pop() : list[each.at];
          if (gone && each.kind === 'take') expect(gone.dueAt).toBe(Math.min(...list.map(({ dueAt }) => dueAt ?? 0)));
          if (gone) queue.remove(gone);
          if (gone) list.splice(list.indexOf(gone), 1);
        }
        expect(queue.size).toBe(list.length);
        expect(queue.peek()?.dueAt).toBe(
          list.length === 0 ? undefined : Math.min(...list.map(({ dueAt }) => dueAt ?? 0)),
        );
      }
      expect(new Set(queue)).toEqual(new Set(list));
    }),
  );
});

test('an entry outside the heap cannot be removed', () => {
  const queue = new DeadlineHeap<HeapEntry>();
  const entry = { dueAt: 1, heapIndex: -1 };
  queue.push(entry);
  queue.remove({ dueAt: 1, heapIndex: -1 });
  queue.remove(entry);
  queue.remove(entry);
  expect(queue.size).toBe(0);
  expect(queue.pop()).toBeUndefined();
});
