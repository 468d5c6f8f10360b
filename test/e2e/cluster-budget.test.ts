import { expect, test } from 'vitest';
import { GatewayFleet, TOKEN } from '../support/gateway-fleet.ts';
import { until } from '../support/redis-server.ts';
import { StallDetector } from '../support/stall-detector.ts';

const RATE = 20;
const TASKS = Array.from({ length: 40 }, (_, index) => `task-${index}`);

/** Calls per second from now on, over so many calls; measured again when this process was held up meanwhile. */
async function rateOf(fleet: GatewayFleet, calls: number): Promise<number> {
  using pauses = new StallDetector();
  for (;;) {
    const begun = performance.now();
    const rate = await rateOver(fleet, calls);
    if (pauses.longestSince(begun) < 100) return rate;
  }
}

async function rateOver({ simulator }: GatewayFleet, calls: number): Promise<number> {
  const before = simulator.totalCalls();
  await simulator.waitForCalls(null, before + calls);
  const times = simulator
    .calls()
    .slice(before, before + calls)
    .map(({ at }) => at);
  return (1_000 * (calls - 1)) / ((times.at(-1) ?? 0) - (times[0] ?? 0));
}

/** The calls that arrived between two times of this process's monotonic clock. */
function callsBetween({ simulator }: GatewayFleet, from: number, to: number): number[] {
  const times = simulator.calls().map(({ at }) => at - performance.timeOrigin);
  return times.filter((at) => at > from && at < to);
}

/** Resolves when each call that has reached A2E has come back. */
async function noneUnderWay(fleet: GatewayFleet): Promise<void> {
  await until(async () => {
    const finished = [...(await fleet.calls()).values()].reduce((sum, calls) => sum + calls, 0);
    return finished === fleet.simulator.totalCalls();
  });
}

/** Resolves when every gateway has sent a client, after `since`, a stale state. */
async function staleEverywhere({ gateways, clients }: GatewayFleet, since: number): Promise<void> {
  await Promise.all(
    gateways.map(({ url }) => {
      const served = clients.filter(({ gateway }) => gateway === url);
      return Promise.race(served.map(({ states }) => states.find(({ stale, at }) => stale && at > since)));
    }),
  );
}

test.concurrent('all gateways together keep UPSTREAM_MAX_RPS, also while Redis is unreachable', async () => {
  // Forty tasks three times a second are six times the permitted rate.
  const env = { POLL_INTERVAL_MS: '300', UPSTREAM_MAX_RPS: String(RATE) };
  await using fleet = await GatewayFleet.start({ env });
  const { simulator, redis } = fleet;
  for (const id of TASKS) simulator.addTask(id, { timeline: 'churn' });
  const clients = (await Promise.all(TASKS.map((id) => fleet.watch(id, 3)))).flat();
  const together = await rateOf(fleet, 4 * RATE);
  expect(together).toBeLessThan(1.1 * RATE);
  expect(together).toBeGreaterThan(0.8 * RATE);
  await redis.kill();
  // Each takes a third.
  await rateOf(fleet, RATE);
  const apart = await rateOf(fleet, 4 * RATE);
  expect(apart).toBeLessThan(1.15 * RATE);
  expect(apart).toBeGreaterThan(0.8 * RATE);
  await redis.restart();
  await rateOf(fleet, 2 * RATE);
  const again = await rateOf(fleet, 4 * RATE);
  expect(again).toBeLessThan(1.1 * RATE);
  expect(again).toBeGreaterThan(0.8 * RATE);
  for (const { errors, closings } of clients) expect([errors.all, closings]).toEqual([[], []]);
}, 120_000);

test.concurrent('a Retry-After that one gateway is given stops all of them, and so does a refused token', async () => {
  await using fleet = await GatewayFleet.start({ env: { POLL_INTERVAL_MS: '300' } });
  const { simulator } = fleet;
  const tasks = TASKS.slice(0, 6);
  for (const id of tasks) simulator.addTask(id, { timeline: 'churn' });
  const clients = (await Promise.all(tasks.map((id) => fleet.watch(id, 3)))).flat();
  simulator.fault({ kind: 'status', status: 429, retryAfter: 3 });
  await staleEverywhere(fleet, 0);
  const paused = performance.now();
  await Promise.all(clients.map(({ states }) => states.find(({ stale, at }) => !stale && at > paused + 1_000)));
  // What was under way when the pause began is let through.
  expect(callsBetween(fleet, paused + 500, paused + 2_000)).toEqual([]);

  simulator.setAccess({ tokens: [] });
  await staleEverywhere(fleet, performance.now());
  for (const gateway of fleet.gateways) expect(await gateway.readiness()).toMatchObject({ status: 503 });
  // One gateway sends a probe, which is refused too; the next probe is not.
  await noneUnderWay(fleet);
  const before = simulator.totalCalls();
  await simulator.waitForCalls(null, before + 1);
  const probed = performance.now();
  simulator.setAccess({ tokens: [TOKEN] });
  await Promise.all(clients.map(({ states }) => states.find(({ stale, at }) => !stale && at > probed)));
  const [first, second] = simulator.calls().slice(before);
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(9_000);
  for (const gateway of fleet.gateways) expect(await gateway.readiness()).toMatchObject({ status: 200 });
  for (const { errors, closings } of clients) expect([errors.all, closings]).toEqual([[], []]);
}, 120_000);
