import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { HOUR, nodesOf, type StartCluster } from './cluster-nodes.ts';

/** Which gateway polls. */
export function describeTick(start: StartCluster): void {
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

async function untilGranted(claim: () => Promise<number | null>): Promise<number> {
  for (;;) {
    const version = await claim();
    if (version !== null) return version;
  }
}
