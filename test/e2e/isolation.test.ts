import { describe, test, vi } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import type { FaultAction } from '../../src/simulator/fault.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { startGateway, TOKEN } from '../support/gateway.ts';
import { post } from '../support/http-client.ts';
import { RedisServer } from '../support/redis-server.ts';
import { openStream } from '../support/sse-client.ts';
import { StallDetector } from '../support/stall-detector.ts';
import { view } from '../support/viewer.ts';

const IDS = Array.from({ length: 100 }, (_, n) => `bad-${n}`);
const WATCH_ALL = 'subscription ($ids: [ID!]!) { taskStatuses(ids: $ids) { status } }';
const LOOK_ALL = 'query ($ids: [ID!]!) { videoTasks(ids: $ids) { status } }';
const GOOD = 'good';
/** With an interval of 500 ms. */
const MAX_GAP_MS = 1_100;
const CALLS = 10;

const TROUBLES: readonly [name: string, fault: FaultAction][] = [
  ['403', { kind: 'status', status: 403 }],
  ['404', { kind: 'status', status: 404 }],
  ['500', { kind: 'status', status: 500 }],
  ['HTML', { kind: 'html' }],
  ['resets', { kind: 'reset' }],
  ['silence', { kind: 'hang' }],
];

// These mostly wait, and stalls that more of them cause are accounted for.
vi.setConfig({ maxConcurrency: 4 });

/** An attacker on the first gateway and a watcher on the last one: the watcher's task is polled on time throughout. */
async function expectIsolation(fault: FaultAction, gatewayCount: number, expect: typeof import('vitest').expect) {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ tokens: [TOKEN] }));
  const redis = gatewayCount > 1 ? stack.use(await RedisServer.start()) : null;
  const gateways: Gateway[] = [];
  for (let n = 0; n < gatewayCount; n += 1) {
    const upstream = { A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN };
    const polling = { POLL_INTERVAL_MS: '500', POLL_MAX_INTERVAL_MS: '500', ...(redis && { REDIS_URL: redis.url }) };
    gateways.push(stack.use(await startGateway({ ...upstream, ...polling })));
  }
  const [attacked, watching] = [gateways[0], gateways.at(-1)];
  if (!attacked || !watching) throw new Error('no gateway');
  for (const id of IDS) simulator.fault({ ...fault, id, times: 'always' });
  simulator.setTask(GOOD, { status: 'process', process: 10 });
  const stalls = stack.use(new StallDetector());
  const viewer = stack.use(await view(watching.url, 'WebSocket', GOOD));
  await viewer.states.count(1);
  await simulator.waitForCalls(GOOD, 3);
  const stream = stack.use(await openStream(attacked.url, { query: WATCH_ALL, variables: { ids: IDS } }));
  // Silence keeps the query waiting; its end is not the subject.
  post(attacked.url, LOOK_ALL, { variables: { ids: IDS } }).catch(() => {});
  const before = simulator.countFor(GOOD);
  await simulator.waitForCalls(GOOD, before + CALLS);
  const times = simulator.callsFor(GOOD).slice(before - 1);
  // The clients, the gateways and the simulator share this process. A poll passes through all of them, and may meet
  // a stall in each.
  const gaps = times
    .slice(1)
    .map((at, n) => at - (times[n] ?? at) - stalls.within(sinceStart(times[n] ?? at), sinceStart(at)));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(MAX_GAP_MS);
  expect(viewer.states.all.filter(({ stale }) => stale)).toEqual([]);
  stream.abort();
}

/** An instant of the simulator as a time of `performance.now()`. */
function sinceStart(instant: number): number {
  return instant - performance.timeOrigin;
}

describe.concurrent('100 ids of one caller that A2E answers with trouble leave another task fresh', () => {
  test.for(TROUBLES)('%s, on one gateway', ([, fault], { expect }) => expectIsolation(fault, 1, expect));
  test.for(TROUBLES)('%s, with three gateways on Redis', ([, fault], { expect }) => expectIsolation(fault, 3, expect));
});
