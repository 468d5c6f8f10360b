import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CallbackQueue } from '../support/callback-queue.ts';
import { StallDetector } from '../support/stall-detector.ts';
import { type ClusterNode, nodesOf, type StartCluster } from './cluster-nodes.ts';

/** The rate of upstream calls of all gateways together. */
export function describeRate(start: StartCluster): void {
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

/** The pauses that an upstream asks for. */
export function describePauses(start: StartCluster): void {
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
    await expect.poll(() => b.pausedFor(short), { interval: 10 }).toBe(0);
    expect(await b.tryConsume(short, 1000)).toBe(0);
  });
}

async function take(node: ClusterNode, key: string, rate: number, calls: number): Promise<void> {
  for (let call = 0; call < calls; call += 1) {
    for (let wait = await node.tryConsume(key, rate); wait > 0; wait = await node.tryConsume(key, rate)) {
      await delay(wait);
    }
  }
}
