import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Versioned } from '../../src/cluster/contract.ts';
import { CallbackQueue } from '../support/callback-queue.ts';
import { until } from '../support/redis-server.ts';
import { HOUR, listen, nodesOf, type StartCluster, sunny, type Weather } from './cluster-nodes.ts';

/** How results are shared. */
export function describeStates(start: StartCluster): void {
  test('every node, also a later one, reads the last state until it expires', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const topic = randomUUID();
    expect(await b.read(topic)).toBeNull();
    await a.publish(topic, sunny(7), HOUR);
    const late = await cluster.node();
    for (const node of [a, b, late]) expect(await node.read(topic)).toEqual(sunny(7));
    await a.publish(topic, sunny(8), 30);
    await until(async () => (await late.read(topic)) === null);
  });

  test('a publication reaches the other nodes, and not its publisher', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const topic = randomUUID();
    const receivedByA = await listen(a, topic);
    const receivedByB = await listen(b, topic);
    await a.publish(topic, sunny(1), HOUR);
    await receivedByB.count(1);
    await b.publish(topic, sunny(2), HOUR);
    expect(await receivedByA.count(1)).toEqual([sunny(2)]);
    expect(receivedByB.all).toEqual([sunny(1)]);
  });

  test('a node that subscribes and then reads misses no publication', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const topic = randomUUID();
    const received = new CallbackQueue<Versioned<Weather>>();
    b.subscribe(topic, received.put);
    const [read] = await Promise.all([b.read(topic), a.publish(topic, sunny(1), HOUR)]);
    if (read) expect(read).toEqual(sunny(1));
    else await received.find(({ version }) => version === 1);
  });

  test('older and repeated states are dropped', async () => {
    await using cluster = await start();
    const [a, b, c] = await nodesOf(cluster, 3);
    const topic = randomUUID();
    const received = await listen(b, topic);
    await a.publish(topic, sunny(5), HOUR);
    await a.publish(topic, sunny(5), HOUR);
    await c.publish(topic, sunny(4), HOUR);
    expect(await c.read(topic)).toEqual(sunny(5));
    await c.publish(topic, sunny(6), HOUR);
    expect(await received.count(2)).toEqual([sunny(5), sunny(6)]);
  });

  test('listeners are counted: unsubscribing one, even twice, leaves the other', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const topic = randomUUID();
    const [gone, stays] = [new CallbackQueue<Versioned<Weather>>(), new CallbackQueue<Versioned<Weather>>()];
    const leave = b.subscribe(topic, gone.put);
    b.subscribe(topic, stays.put);
    await b.read(topic);
    leave();
    leave();
    await a.publish(topic, sunny(1), HOUR);
    await stays.count(1);
    expect(gone.all).toEqual([]);
  });

  test('unsubscribing and subscribing again at once ends subscribed', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const topic = randomUUID();
    const received = new CallbackQueue<Versioned<Weather>>();
    for (let round = 0; round < 5; round += 1) b.subscribe(topic, received.put)();
    b.subscribe(topic, received.put);
    await b.read(topic);
    await a.publish(topic, sunny(1), HOUR);
    expect(await received.count(1)).toEqual([sunny(1)]);
  });

  test('topics are apart', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const [one, other] = [randomUUID(), randomUUID()];
    const received = await listen(b, one);
    await a.publish(other, sunny(1), HOUR);
    expect(await b.read(one)).toBeNull();
    await a.publish(one, sunny(2), HOUR);
    expect(await received.count(1)).toEqual([sunny(2)]);
  });

  test('a listener that throws harms no other', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const topic = randomUUID();
    b.subscribe(topic, () => {
      throw new Error('a fault of the listener');
    });
    const received = await listen(b, topic);
    await a.publish(topic, sunny(1), HOUR);
    await received.count(1);
    await a.publish(topic, sunny(2), HOUR);
    expect(await received.count(2)).toEqual([sunny(1), sunny(2)]);
  });

  test('disposing twice is disposing once, and calls after it settle', async () => {
    await using cluster = await start();
    const node = await cluster.node();
    await node[Symbol.asyncDispose]();
    await node[Symbol.asyncDispose]();
    await node.publish('topic', sunny(1), HOUR);
    await node.read('topic');
    expect(await node.claim('topic', 10, 0)).not.toBeUndefined();
  });
}
