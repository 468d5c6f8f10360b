import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { CallbackQueue } from '../support/callback-queue.ts';
import { nodesOf, type StartCluster } from './cluster-nodes.ts';

/** The hints that tasks have changed. */
export function describeInvalidations(start: StartCluster): void {
  test('an invalidation reaches every other gateway, and not its sender', async () => {
    await using cluster = await start();
    const nodes = await nodesOf(cluster, 3);
    const inboxes = nodes.map((node) => {
      const received = new CallbackQueue<ReadonlySet<string>>();
      node.onInvalidate(received.put);
      return received;
    });
    await nodes[0].invalidate(['one', 'two', 'one']);
    for (const received of inboxes.slice(1)) expect(await received.count(1)).toEqual([new Set(['one', 'two'])]);
    await nodes[1].invalidate(new Set(['three']));
    expect(await inboxes[0]?.count(1)).toEqual([new Set(['three'])]);
    expect(inboxes[1]?.all).toHaveLength(1);
  });

  test('an invalidation of ten thousand ids arrives whole, without the texts that are no ids', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const ids = Array.from({ length: 10_000 }, () => randomUUID());
    const received = new Set<string>();
    const last = new CallbackQueue<string>();
    b.onInvalidate((some) => {
      for (const id of some) received.add(id);
      if (some.has('last')) last.put('last');
    });
    await a.invalidate(['', 'a b', 'a,b', 'a:b', '../x', 'x'.repeat(129), '\0', 'é', ...ids, 'last']);
    await last.count(1);
    expect(received).toEqual(new Set([...ids, 'last']));
  });

  test('a listener that throws or has unsubscribed harms no other', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const [gone, stays] = [new CallbackQueue<ReadonlySet<string>>(), new CallbackQueue<ReadonlySet<string>>()];
    b.onInvalidate(() => {
      throw new Error('a fault of the listener');
    });
    const unsubscribe = b.onInvalidate(gone.put);
    b.onInvalidate(stays.put);
    unsubscribe();
    unsubscribe();
    await a.invalidate([]);
    await a.invalidate(['one']);
    expect(await stays.count(1)).toEqual([new Set(['one'])]);
    expect(gone.all).toEqual([]);
  });
}
