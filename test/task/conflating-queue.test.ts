import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConflatingQueue } from '../../src/task/conflating-queue.ts';

test('a slow reader gets the newest value of every key, in the order of the keys', async () => {
  const slots = new ConflatingQueue<string>();
  for (const value of ['a1', 'b1', 'a2', 'b2', 'b3', 'c1']) slots.push(value.charAt(0), value);
  slots.finish();
  expect(await Array.fromAsync(slots)).toEqual(['a2', 'b3', 'c1']);
});

test('a value pushed before the end is delivered before it; a later one is not', async () => {
  const slots = new ConflatingQueue<string>();
  slots.push('a', 'last');
  slots.fail(new Error('over'));
  slots.push('a', 'too late');
  slots.fail(new Error('again'));
  slots.finish();
  expect(await slots.next()).toEqual({ done: false, value: 'last' });
  await expect(slots.next()).rejects.toThrow('over');
  expect(await slots.next()).toEqual({ done: true, value: undefined });
});

test('return() answers at once, also with a next() pending, and notifies the writer once', async () => {
  let ends = 0;
  const slots = new ConflatingQueue<string>(() => {
    ends += 1;
  });
  const pending = [slots.next(), slots.next()];
  expect(await slots.return()).toEqual({ done: true, value: undefined });
  expect(await Promise.all(pending)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
  await slots.return();
  expect(ends).toBe(1);
});

test('return() drops pending values', async () => {
  const slots = new ConflatingQueue<string>();
  slots.push('a', 'a1');
  await slots.return();
  expect(await slots.next()).toEqual({ done: true, value: undefined });
});

test('an error reaches the first waiting reader, and the end reaches the rest', async () => {
  const slots = new ConflatingQueue<string>();
  const pending = [slots.next(), slots.next()];
  slots.fail(new Error('over'));
  await expect(pending[0]).rejects.toThrow('over');
  expect(await pending[1]).toEqual({ done: true, value: undefined });
});

test('throw() ends it with that error, disposal without', async () => {
  await expect(new ConflatingQueue<string>().throw(new Error('mine'))).rejects.toThrow('mine');
  const slots = new ConflatingQueue<string>();
  await slots[Symbol.asyncDispose]();
  expect(await slots.next()).toEqual({ done: true, value: undefined });
});

test('however puts and reads are mixed, each key is read in rising order and ends with its newest', async () => {
  const step = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.constant('read'));
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const slots = new ConflatingQueue<[string, number]>();
      const written = new Map<string, number>();
      const reads: Promise<IteratorResult<[string, number], undefined>>[] = [];
      for (const [index, each] of steps.entries()) {
        if (each === 'read') reads.push(slots.next());
        else {
          slots.push(each, [each, index]);
          written.set(each, index);
        }
      }
      slots.finish();
      const results = await Promise.all(reads);
      const seen = [...results.flatMap(({ value }) => (value ? [value] : [])), ...(await Array.fromAsync(slots))];
      const last = new Map<string, number>();
      for (const [key, value] of seen) {
        expect(value).toBeGreaterThan(last.get(key) ?? -1);
        last.set(key, value);
      }
      expect(last).toEqual(written);
    }),
  );
});
