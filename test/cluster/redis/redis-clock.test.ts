import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Versioned } from '../../../src/cluster/contract.ts';
import { createRedisCluster } from '../../../src/cluster/redis/redis-cluster.ts';
import type { RedisScript } from '../../../src/cluster/redis/redis-scripts.ts';
import type { Weather } from '../../conformance/cluster-nodes.ts';
import { PATIENT, RedisNodes, weatherCodec } from '../../support/redis-nodes.ts';
import { RedisServer } from '../../support/redis-server.ts';
import { StallDetector } from '../../support/stall-detector.ts';

/**
 * A Redis whose TIME steps, and stands still when a test says so: every script reads both from Redis, for its prefix. So
 * the tests share a server, and each has its own clock. TTLs neither step nor stand still: test/e2e/clock-steps.test.ts
 * steps the clock of the whole server.
 */
const CLOCK = vi.hoisted(
  () => `
local prefix = string.match(KEYS[1], '^[^:]+')
local frozen = tonumber(redis.call('GET', prefix .. ':clock-frozen') or '')
if frozen then time = {math.floor(frozen / 1000), frozen % 1000 * 1000} end
time[1] = time[1] + tonumber(redis.call('GET', prefix .. ':clock-offset') or '0')
`,
);
vi.mock('../../../src/cluster/redis/redis-scripts.ts', async (importOriginal) => {
  const scripts = await importOriginal<Record<string, RedisScript>>();
  const stepped = Object.entries(scripts).map(([name, { source }]) => {
    const text = source.replace("redis.call('TIME')", `redis.call('TIME')\n${CLOCK}`);
    return [name, { source: text, sha1: createHash('sha1').update(text).digest('hex') }];
  });
  return Object.fromEntries(stepped);
});

// The tests mostly wait.
vi.setConfig({ maxConcurrency: 7 });

let server: RedisServer;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const HOUR = 3_600_000;
const MINUTE = 60_000;
const TEN_MINUTES = 600;

/** Gateways with a prefix of their own, for which Redis's clock steps when a test says so. */
interface Clocked extends AsyncDisposable {
  readonly nodes: RedisNodes;
  /** Sets Redis's clock so many seconds off. */
  step(seconds: number): Promise<void>;
  /** Redis's clock stands still from the first call on, and goes on by so many ms at each. */
  pass(ms: number): Promise<void>;
}

function clockedNodes(): Clocked {
  const nodes = new RedisNodes(server.url);
  const set = async (name: string, value: number) =>
    void (await server.run('SET', `${nodes.prefix}:${name}`, `${value}`));
  let frozenMs = Date.now();
  const pass = (ms: number) => {
    frozenMs += ms;
    return set('clock-frozen', frozenMs);
  };
  const step = (seconds: number) => set('clock-offset', seconds);
  return { nodes, step, pass, [Symbol.asyncDispose]: () => nodes[Symbol.asyncDispose]() };
}

function hail(version: number): Versioned<Weather> {
  return { version, state: { sky: `hail ${version}` } };
}

for (const seconds of [-TEN_MINUTES, TEN_MINUTES, -20]) {
  test.concurrent(`Redis's clock steps by ${seconds} s: one claim per interval goes on, with rising versions`, async () => {
    await using clocked = clockedNodes();
    const { nodes, step, pass } = clocked;
    const two = [await nodes.connect(PATIENT), await nodes.connect(PATIENT)];
    const granted: number[] = [];
    const claimAll = async () => {
      const claims = await Promise.all(two.map(({ cluster }) => cluster.claim('topic', MINUTE, 0)));
      const versions = claims.filter((version) => version !== null);
      granted.push(...versions);
      return versions.length;
    };
    await pass(0);
    expect(await claimAll()).toBe(1);
    expect(await claimAll()).toBe(0);
    await step(seconds);
    // A step back, or a step forward of more than the interval, costs one claim more.
    const grants = [await claimAll()];
    for (let half = 0; half < 4; half += 1) {
      await pass(MINUTE / 2);
      grants.push(await claimAll());
    }
    expect(grants).toEqual([1, 0, 1, 0, 1]);
    expect(granted).toEqual([...new Set(granted)].sort((a, b) => a - b));
  });

  test.concurrent(`Redis's clock steps by ${seconds} s: the rate stays the rate`, async () => {
    await using clocked = clockedNodes();
    const { nodes, step } = clocked;
    const two = [await nodes.connect(PATIENT), await nodes.connect(PATIENT)];
    const consume = () => Promise.all(two.map(({ cluster }) => cluster.tryConsume('key', 10)));
    await consume();
    await step(seconds);
    const steppedAt = performance.now();
    const grants: number[] = [];
    using stalls = new StallDetector();
    const consumed = async () => {
      for (const waitMs of await consume()) if (waitMs === 0) grants.push(stalls.elapsedSince(steppedAt));
      return grants.length;
    };
    await expect.poll(consumed, { interval: 10 }).toBeGreaterThan(12);
    expect(grants[0]).toBeLessThan(1500);
    expect(grants.length).toBeLessThanOrEqual(4 + (10 * (performance.now() - steppedAt)) / 1000);
  });

  test.concurrent(`Redis's clock steps by ${seconds} s: a pause ends on time for gateways that start later`, async () => {
    await using clocked = clockedNodes();
    const { nodes, step } = clocked;
    const { cluster } = await nodes.connect(PATIENT);
    const pausedAt = performance.now();
    await cluster.pause('key', 60_000);
    await step(seconds);
    const late = await nodes.connect(PATIENT);
    expect(late.cluster.pausedFor('key')).toBeLessThanOrEqual(60_000);
    expect(cluster.pausedFor('key')).toBeGreaterThan(59_990 - (performance.now() - pausedAt));
    await cluster.pause('short', 500);
    const later = await nodes.connect(PATIENT);
    expect(later.cluster.pausedFor('short')).toBeLessThanOrEqual(500);
  });

  test.concurrent(`Redis's clock steps by ${seconds} s: the number of gateways is right again`, async () => {
    await using clocked = clockedNodes();
    const { nodes, step } = clocked;
    const [a, b] = [await nodes.connect(PATIENT), await nodes.connect(PATIENT)];
    await step(seconds);
    const c = await nodes.connect(PATIENT);
    await expect.poll(() => [a, b, c].map(({ cluster }) => cluster.gateways)).toEqual([3, 3, 3]);
  });
}

test.concurrent('a gateway killed before the clock steps back counts as gone one lifetime later', async () => {
  await using clocked = clockedNodes();
  const { nodes, step } = clocked;
  await nodes.connect(PATIENT);
  const key = `${nodes.prefix}:v2:{gateways}:nodes`;
  await server.run('ZADD', key, String(Date.now() + 75_000), 'killed');
  await step(-TEN_MINUTES);
  await nodes.connect(PATIENT);
  const expiresAt = Number(await server.run('ZSCORE', key, 'killed'));
  expect(expiresAt - (Date.now() - TEN_MINUTES * 1000)).toBeLessThanOrEqual(75_000);
});

test.concurrent('a Redis that came back empty with a clock behind grants versions above the stored and the known ones', async () => {
  await using clocked = clockedNodes();
  const { nodes, step, pass } = clocked;
  const { cluster } = await nodes.connect(PATIENT);
  await pass(0);
  const version = (await cluster.claim('topic', 1, 0)) ?? 0;
  await cluster.publish('topic', hail(version), HOUR);
  await server.run('DEL', `${nodes.prefix}:v2.1:{topic}:tick`);
  await step(-TEN_MINUTES);
  expect(await cluster.claim('topic', 60_000, 0)).toBe(version + 1);
  // A gateway that knows more is refused, and the next grant is above its version.
  expect(await cluster.claim('topic', 60_000, version + HOUR)).toBeNull();
  await pass(1);
  expect(await cluster.claim('topic', 1, 0)).toBe(version + HOUR + 1);
});

/** A gateway that records the ages of the states that it reads. */
function aging(prefix: string) {
  const ages: (number | null)[] = [];
  const decode = (text: string, _topic: string, ageMs: number | null): Weather => {
    ages.push(ageMs);
    return weatherCodec.decode(text);
  };
  return {
    ages,
    cluster: createRedisCluster({ ...PATIENT, url: server.url, prefix, codec: { ...weatherCodec, decode } }),
  };
}

/** Moves the end of the stored state by as much, as the passing of time does, or a step of Redis's clock. */
async function shiftTtl(prefix: string, byMs: number): Promise<void> {
  const key = `${prefix}:v2.1:{aging}:state`;
  await server.run('PEXPIRE', key, String(Number(await server.run('PTTL', key)) + byMs));
}

test.concurrent('a stored state tells how long ago it was published', async () => {
  await using nodes = new RedisNodes(server.url);
  const writer = await nodes.connect(PATIENT);
  const { ages, cluster } = aging(nodes.prefix);
  await using _ = cluster;
  await cluster.ready;
  const before = performance.now();
  await writer.cluster.publish('aging', hail(1), HOUR);
  await shiftTtl(nodes.prefix, -MINUTE);
  await cluster.read('aging');
  // Redis counts TTLs in whole ms.
  expect(ages).toHaveLength(1);
  expect(ages[0]).toBeGreaterThanOrEqual(MINUTE - 2);
  expect(ages[0]).toBeLessThanOrEqual(MINUTE + performance.now() - before + 2);
});

// A step of Redis's clock moves the rest of every TTL by as much.
test.concurrent.each([
  { step: 'back 10 s', byMs: 10_000, isRight: (ageMs: number | null) => ageMs === null },
  { step: 'forward 10 min', byMs: -600_000, isRight: (ageMs: number | null) => Number(ageMs) >= 600_000 },
])("Redis's clock steps $step: a stored state never counts as younger than it is", async ({ byMs, isRight }) => {
  await using nodes = new RedisNodes(server.url);
  const { ages, cluster } = aging(nodes.prefix);
  await using _ = cluster;
  await cluster.ready;
  await cluster.publish('aging', hail(1), HOUR);
  await shiftTtl(nodes.prefix, byMs);
  expect(await cluster.read('aging')).toEqual(hail(1));
  expect(ages).toEqual([expect.toSatisfy(isRight)]);
});
