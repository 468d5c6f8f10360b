import { afterAll, expect, test } from 'vitest';
import type { BrowserClient } from '../support/browser-client.ts';
import { detour } from '../support/detour.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import { startRedisSentinel } from '../support/redis-deployments.ts';
import { until } from '../support/redis-server.ts';
import { StallDetector } from '../support/stall-detector.ts';

const INTERVAL = 400;
const ENV = { POLL_INTERVAL_MS: String(INTERVAL) };
/** Its progress rises with every call, up to 99. */
const RISING = { timeline: { phases: [{ status: 'process', progress: [0, 99], forCalls: 100 }] } } as const;

/** Resolves when each of them has been shown that many more states. */
async function shownMore(clients: readonly BrowserClient[], more: number): Promise<void> {
  await Promise.all(clients.map(({ states }) => states.count(states.all.length + more)));
}

/** No error, no lost connection, and no client received an earlier state after a later one. */
function expectUndisturbed(clients: readonly BrowserClient[]): void {
  for (const { states, errors, closings } of clients) {
    const seen = states.all.map(({ progress }) => progress ?? 0);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect([errors.all, closings, states.all.filter(({ stale }) => stale)]).toEqual([[], [], []]);
  }
}

const stalls = new StallDetector();
afterAll(() => stalls[Symbol.dispose]());

/**
 * How far apart the calls are that came after `since`, in intervals. A stall of this process, which is the simulator's,
 * notes a call late, and so too near to the next one.
 */
function gaps(calls: readonly number[], since: number): number[] {
  const later = calls.filter((at) => at > since);
  return later.slice(1).map((at, index) => {
    const before = later[index] ?? 0;
    const notedAt = before - performance.timeOrigin;
    return (at - before + stalls.within(notedAt - INTERVAL, notedAt)) / INTERVAL;
  });
}

/** Resolves once every gateway says that Redis is there; to when that was. */
async function connected({ gateways }: GatewayFleet): Promise<number> {
  await until(async () => {
    const known = await Promise.all(gateways.map((gateway) => gateway.readiness()));
    return known.every(({ body }) => body['cluster'] === 'connected');
  });
  return now();
}

const now = (): number => performance.timeOrigin + performance.now();

test.concurrent('Redis killed for ten intervals and back empty: no client notices, each gateway polls for itself, and then one polls again', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV });
  const { simulator, redis, gateways } = fleet;
  simulator.addTask('shared', RISING);
  const clients = await fleet.watch('shared', 9);
  await shownMore(clients, 2);
  const before = await fleet.calls();
  const killed = now();
  await redis.kill();
  await shownMore(clients, 10);
  const alone = await fleet.calls();
  const intervals = (now() - killed) / INTERVAL;
  for (const gateway of gateways) {
    const made = (alone.get(gateway) ?? 0) - (before.get(gateway) ?? 0);
    expect(made).toBeLessThanOrEqual(intervals + 1);
    expect((await gateway.readiness()).body).toMatchObject({ ready: true, cluster: 'away' });
  }
  await redis.restart();
  const back = await connected(fleet);
  await shownMore(clients, 8);
  expect(Math.min(...gaps(simulator.callsFor('shared'), back + 2 * INTERVAL))).toBeGreaterThan(0.75);
  expectUndisturbed(clients);
});

test.concurrent('Redis frozen: no request and no event loop waits for it, and updates go on', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV });
  const { simulator, redis } = fleet;
  simulator.addTask('shared', RISING);
  const clients = await fleet.watch('shared', 9);
  await shownMore(clients, 2);
  redis.freeze();
  const turns: { readonly asked: number; readonly beat: number }[] = [];
  await Promise.all(
    fleet.gateways.map(async ({ url }, node) => {
      for (let turn = 0; turn < 10; turn += 1) {
        await shownMore(clients, 1);
        simulator.setTask(`cold-${node}-${turn}`, { status: 'process' });
        const both = [() => ask(url, `cold-${node}-${turn}`), () => fetch(`${url}/healthz`)].map(timed);
        const [asked = 0, beat = 0] = await Promise.all(both);
        turns.push({ asked, beat });
      }
    }),
  );
  // Every query has been answered by now, so none has waited for Redis to wake.
  redis.thaw();
  // A cold query waits for Redis before it calls A2E, for half a second at most. Later queries do not wait for Redis.
  // A delay that held up the beat as well is no wait for Redis.
  const waited = turns.filter(({ asked, beat }) => asked > 400 && beat < 200);
  expect(waited.length).toBeLessThanOrEqual(2 * fleet.gateways.length);
  // An event loop that waited would do so every time.
  expect(median(turns.map(({ beat }) => beat))).toBeLessThan(100);
  expect(median(turns.map(({ asked }) => asked))).toBeLessThan(200);
  const thawed = await connected(fleet);
  await shownMore(clients, 10);
  expect(Math.min(...gaps(simulator.callsFor('shared'), thawed + 2 * INTERVAL))).toBeGreaterThan(0.75);
  expectUndisturbed(clients);
});

test.concurrent('Redis down at the start: gateways start, poll for themselves and say so, and join when it comes', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV, gateways: 0 });
  const { simulator, redis } = fleet;
  await redis.kill();
  await Promise.all([fleet.add(), fleet.add()]);
  for (const gateway of fleet.gateways) {
    expect(await gateway.readiness()).toMatchObject({ status: 200, body: { ready: true, cluster: 'away' } });
    expect(await (await fetch(`${gateway.url}/metrics`)).text()).toMatch(/_redis_connected 0$/m);
  }
  simulator.addTask('shared', RISING);
  const clients = await fleet.watch('shared', 4);
  await shownMore(clients, 2);
  await redis.restart();
  const back = await connected(fleet);
  await shownMore(clients, 8);
  expect(Math.min(...gaps(simulator.callsFor('shared'), back + 2 * INTERVAL))).toBeGreaterThan(0.75);
  await until(async () => {
    const texts = await Promise.all(fleet.gateways.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
    return texts.every((text) => /_redis_connected 1$/m.test(text));
  });
  expectUndisturbed(clients);
});

test.concurrent('a malformed, repeated or old message on a channel is dropped', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV, gateways: 2 });
  const { simulator, redis } = fleet;
  simulator.setTask('shared', { status: 'process', process: 10 });
  const clients = await fleet.watch('shared', 4);
  const [stateKey = ''] = (await redis.run('KEYS', '*:state')) as string[];
  const channel = stateKey.replace(/:state$/, ':updates');
  const old = String(await redis.run('GET', stateKey));
  simulator.setTask('shared', { status: 'process', process: 20 });
  await Promise.all(clients.map(({ states }) => states.find(({ progress }) => progress === 20)));
  const forged = old.replace(/^\d+/, String(2 ** 50));
  const broken = [old, old, 'x', '', '1:me:{}', forged.replace(/\{.*/s, '{"version":1}'), `9${'9'.repeat(99)}:me:{}`];
  // Redis answers with the number of receivers: both gateways.
  for (const text of broken) expect(await redis.run('PUBLISH', channel, text)).toBe(2);
  simulator.setTask('shared', { status: 'process', process: 30 });
  await Promise.all(clients.map(({ states }) => states.find(({ progress }) => progress === 30)));
  expectUndisturbed(clients);
  await connected(fleet);
  for (const gateway of fleet.gateways) {
    expect((await gateway.readiness()).body).toMatchObject({ ready: true });
    expect(gateway.log.filter((line) => line.includes('"level":50'))).toEqual([]);
  }
});

test.concurrent('the polling gateway loses its way to A2E: another polls in its place, and no state stays stale', async () => {
  await using fleet = await GatewayFleet.start({ env: ENV, gateways: 0 });
  const { simulator } = fleet;
  await using way = await faultProxy({ port: simulator.port });
  const cut = await fleet.add(detour(simulator.port, way.port));
  simulator.setTask('shared', { status: 'process', process: 0 });
  const served = await fleet.watch('shared', 2);
  await fleet.add();
  expect(way.accepted).toBeGreaterThan(0);
  fleet.retire(cut);
  const clients = [...served, ...(await fleet.watch('shared', 2))];
  way.inject({ kind: 'reset' });
  for (const process of [10, 20, 30, 40, 50, 60]) {
    simulator.setTask('shared', { status: 'process', process });
    await Promise.all(clients.map(({ states }) => states.find(({ progress }) => progress === process)));
  }
  for (const { states, errors, closings } of clients) {
    const stale = states.all.filter((state) => state.stale);
    expect(stale.length).toBeLessThanOrEqual(1);
    expect(states.all.at(-1)).toMatchObject({ progress: 60, stale: false });
    expect([errors.all, closings]).toEqual([[], []]);
  }
});

test.concurrent('the master of Redis is lost and a replica takes its place: no client notices, and one gateway polls again', async () => {
  await using sentinel = await startRedisSentinel();
  await using fleet = await GatewayFleet.start({ env: ENV, gateways: 2, redisUrl: sentinel.url });
  const { simulator, gateways } = fleet;
  simulator.addTask('shared', RISING);
  const clients = await fleet.watch('shared', 4);
  await shownMore(clients, 2);
  await sentinel.servers[0]?.kill();
  await until(async () => {
    const known = await Promise.all(gateways.map((gateway) => gateway.readiness()));
    return known.every(({ body }) => body['cluster'] === 'away');
  });
  const back = await connected(fleet);
  await shownMore(clients, 8);
  expect(Math.min(...gaps(simulator.callsFor('shared'), back + 2 * INTERVAL))).toBeGreaterThan(0.75);
  expectUndisturbed(clients);
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

async function timed(call: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await call();
  return performance.now() - begun;
}

async function ask(url: string, id: string): Promise<void> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: 'query ($id: ID!) { videoTask(id: $id) { status } }', variables: { id } }),
  });
  expect(await response.json()).toEqual({ data: { videoTask: { status: 'PROCESS' } } });
}
