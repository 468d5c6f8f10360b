import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Cluster, SharedRateLimiter, Versioned } from '../../src/cluster/contract.ts';
import { CallbackQueue } from '../support/callback-queue.ts';
import { until } from '../support/redis-server.ts';
import { StallDetector } from '../support/stall-detector.ts';

/** The state the suite publishes. */
export interface Weather {
  readonly sky: string;
}

/** One gateway's end of a cluster. */
export type ClusterNode = Cluster<Weather> & SharedRateLimiter;

/** Nodes of one cluster; each test takes as many as it needs. */
export interface ClusterUnderTest extends AsyncDisposable {
  node(): Promise<ClusterNode>;
}

const HOUR = 3_600_000;

/** The suite that every implementation of the contract passes. */
export function describeCluster(name: string, start: () => Promise<ClusterUnderTest>): void {
  describe(`${name}: the tick`, () => describeTick(start));
  describe(`${name}: states`, () => describeStates(start));
  describe(`${name}: the rate`, () => describeRate(start));
  describe(`${name}: pauses`, () => describePauses(start));
  describe(`${name}: invalidations`, () => describeInvalidations(start));
}

function describeTick(start: () => Promise<ClusterUnderTest>): void {
  test('of many concurrent claimants exactly one is granted', async () => {
    await using cluster = await start();
    const nodes = await nodesOf(cluster, 5);
    const topic = randomUUID();
    const claims = await Promise.all(nodes.map((node) => node.claim(topic, 60_000, 0)));
    expect(claims.filter((version) => version !== null)).toHaveLength(1);
  });

  test('each interval has one winner, and versions rise with every winner', async () => {
    await using cluster = await start();
    const nodes = await nodesOf(cluster, 3);
    const topic = randomUUID();
    const granted: number[] = [];
    const begun = performance.now();
    while (granted.length < 5) {
      const asked = performance.now();
      const claims = await Promise.all(nodes.map((node) => node.claim(topic, 50, 0)));
      const winners = claims.filter((version) => version !== null);
      // Claims that a busy machine holds up may be of several intervals.
      const intervals = 1 + Math.floor((performance.now() - asked) / 45);
      expect(winners.length).toBeLessThanOrEqual(intervals);
      granted.push(...winners);
    }
    expect(granted).toEqual([...new Set(granted)].sort((a, b) => a - b));
    expect(performance.now() - begun).toBeGreaterThan(4 * 45 - 4);
  });

  test('a version is higher than what the claimant knows, and the next higher still', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const topic = randomUUID();
    const future = Date.now() + HOUR;
    const first = await untilGranted(() => a.claim(topic, 1, future));
    expect(first).toBeGreaterThan(future);
    expect(await untilGranted(() => b.claim(topic, 1, 0))).toBeGreaterThan(first);
  });

  test('a claim of one topic does not refuse a claim of another', async () => {
    await using cluster = await start();
    const [a] = await nodesOf(cluster, 2);
    expect(await a.claim(randomUUID(), HOUR, 0)).not.toBeNull();
    expect(await a.claim(randomUUID(), HOUR, 0)).not.toBeNull();
  });
}

function describeStates(start: () => Promise<ClusterUnderTest>): void {
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

function describeRate(start: () => Promise<ClusterUnderTest>): void {
  test('all nodes together stay within the rate, and use it', async () => {
    await using cluster = await start();
    const nodes = await nodesOf(cluster, 3);
    const key = randomUUID();
    using pauses = new StallDetector();
    const begun = performance.now();
    await Promise.all(nodes.map((node) => take(node, key, 200, 60)));
    const tookMs = performance.now() - begun;
    // 180 calls, of which one reservation (10) is granted at once. Grants during a stall of this process lapse.
    expect((180 * 1000) / tookMs).toBeLessThan(215);
    expect((180 * 1000) / (tookMs - pauses.totalSince(begun))).toBeGreaterThan(120);
  });

  test('concurrent calls of one node share its reservation', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const key = randomUUID();
    const begun = performance.now();
    await Promise.all([a, b].flatMap((node) => Array.from({ length: 5 }, () => take(node, key, 18, 1))));
    expect(performance.now() - begun).toBeGreaterThan((9 * 1000) / 18 - 20);
  });

  test('keys have a rate each, and none is no limit', async () => {
    await using cluster = await start();
    const [a] = await nodesOf(cluster, 2);
    const key = randomUUID();
    expect(await a.tryConsume(key, 1)).toBe(0);
    expect(await a.tryConsume(key, 1)).toBeGreaterThan(500);
    expect(await a.tryConsume(randomUUID(), 1)).toBe(0);
    for (let call = 0; call < 100; call += 1) expect(await a.tryConsume(key, Number.POSITIVE_INFINITY)).toBe(0);
  });
}

function describePauses(start: () => Promise<ClusterUnderTest>): void {
  test('a pause holds in every node, also in a later one, and reaches the listeners of the other nodes', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const key = randomUUID();
    const [own, others] = [new CallbackQueue<string>(), new CallbackQueue<string>()];
    a.onPause(own.put);
    b.onPause(others.put);
    await a.pause(key, 60_000);
    expect(await others.count(1)).toEqual([key]);
    const late = await cluster.node();
    for (const node of [a, b, late]) {
      expect(node.pausedFor(key)).toBeGreaterThan(55_000);
      expect(node.pausedFor(key)).toBeLessThanOrEqual(60_000);
      expect(await node.tryConsume(key, 1000)).toBeGreaterThan(55_000);
      expect(await node.tryConsume(key, Number.POSITIVE_INFINITY)).toBeGreaterThan(55_000);
    }
    expect(own.all).toEqual([]);
    expect(late.pausedFor(randomUUID())).toBe(0);
  });

  test('a shorter pause does not shorten a longer one; a pause ends', async () => {
    await using cluster = await start();
    const [a, b] = await nodesOf(cluster, 2);
    const [key, short] = [randomUUID(), randomUUID()];
    const received = new CallbackQueue<string>();
    const stop = b.onPause(received.put);
    await a.pause(key, 60_000);
    await received.count(1);
    await b.pause(key, 10);
    await a.pause(short, 50);
    await received.find((paused) => paused === short);
    stop();
    stop();
    expect(a.pausedFor(key)).toBeGreaterThan(55_000);
    while (b.pausedFor(short) > 0) await delay(b.pausedFor(short));
    expect(await b.tryConsume(short, 1000)).toBe(0);
  });
}

function describeInvalidations(start: () => Promise<ClusterUnderTest>): void {
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
    // A hint is lost with its connection, and a machine that stalls ends a connection.
    let arrived = false;
    for (let attempt = 0; attempt < 2 && !arrived; attempt += 1) {
      received.clear();
      await a.invalidate(['', 'a b', 'a,b', 'a:b', '../x', 'x'.repeat(129), '\0', 'é', ...ids, 'last']);
      arrived = await Promise.race([last.count(1).then(() => true), delay(10_000, false)]);
    }
    expect(arrived).toBe(true);
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

async function nodesOf(cluster: ClusterUnderTest, count: 2): Promise<[ClusterNode, ClusterNode]>;
async function nodesOf(cluster: ClusterUnderTest, count: 3): Promise<[ClusterNode, ClusterNode, ClusterNode]>;
async function nodesOf(cluster: ClusterUnderTest, count: number): Promise<ClusterNode[]>;
async function nodesOf(cluster: ClusterUnderTest, count: number): Promise<ClusterNode[]> {
  return Promise.all(Array.from({ length: count }, () => cluster.node()));
}

/** Subscribes, and waits until the subscription is live. */
async function listen(node: ClusterNode, topic: string): Promise<CallbackQueue<Versioned<Weather>>> {
  const received = new CallbackQueue<Versioned<Weather>>();
  node.subscribe(topic, received.put);
  await node.read(topic);
  return received;
}

async function untilGranted(claim: () => Promise<number | null>): Promise<number> {
  for (;;) {
    const version = await claim();
    if (version !== null) return version;
  }
}

async function take(node: ClusterNode, key: string, rate: number, calls: number): Promise<void> {
  for (let call = 0; call < calls; call += 1) {
    for (let wait = await node.tryConsume(key, rate); wait > 0; wait = await node.tryConsume(key, rate)) {
      await delay(wait);
    }
  }
}

function sunny(version: number): Versioned<Weather> {
  return { version, state: { sky: `sunny ${version}` } };
}
