import { expect, test } from 'vitest';
import type { GatewayOptions } from '../../src/gateway.ts';
import { DEFAULT_TIMEOUTS } from '../../src/server/limits/timeouts.ts';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { backoffDelay } from '../../src/task/poll-interval-policy.ts';
import { freePort } from '../support/free-port.ts';
import { KeySet } from '../support/key-set.ts';
import { metric } from '../support/metrics-of.ts';
import { startOutageGateway, watchTasks } from '../support/outage-gateway.ts';
import { RedisServer } from '../support/redis-server.ts';
import { seriesValue } from '../support/scrape.ts';
import { problems } from '../support/status-events.ts';
import { connect, tcpOf } from '../support/ws-client.ts';
import { firingAlerts, takeScrape } from './on-call/firing-alerts.ts';
import { ALERTS, expectRow } from './on-call/runbook.ts';

const CHURN: SimulatorOptions = { autoCreate: () => ({ timeline: 'churn' }) };
const QUICK = { POLL_INTERVAL_MS: '100', POLL_MAX_INTERVAL_MS: '100' };
/** Enough failures in a row to open a circuit. */
const TASKS = 12;
/** A test on fake series beside the rules has these, because no gateway can be scraped, or the machine has to suffer. */
const WITHOUT_EXERCISE = ['GatewayDown', 'FewerGateways', 'MemoryNearLimit', 'EventLoopBlocked', 'LogLinesDropped'];
const EXERCISED = [
  'A2EAway',
  'A2ETokenRefused',
  'A2ERateLimited',
  'TenantFailing',
  'RedisAway',
  'KeySetAway',
  'UpstreamBudgetExhausted',
  'PollsLate',
  'SlowClients',
  'ClientsRefused',
];

/** A simulated A2E, and a gateway with its log lines. */
async function startExercise(
  stack: AsyncDisposableStack,
  env: Readonly<Record<string, string>> = {},
  simulatorOptions: SimulatorOptions = {},
  options: GatewayOptions = {},
) {
  const simulator = stack.use(await startSimulator({ ...CHURN, ...simulatorOptions }));
  const watched = stack.use(await startOutageGateway({ A2E_API_URL: simulator.url, ...env }, options));
  return { simulator, ...watched };
}

test('the runbook has a row for each exercise', () => {
  expect(ALERTS.toSorted()).toEqual([...EXERCISED, ...WITHOUT_EXERCISE].toSorted());
});

test('no alert fires for a gateway that polls and serves', async () => {
  await using stack = new AsyncDisposableStack();
  const { simulator, gateway } = await startExercise(stack);
  await watchTasks(gateway.url, TASKS, stack);
  await simulator.waitForCalls('task-0', 2);
  const begun = await takeScrape(gateway.url);
  await simulator.waitForCalls('task-0', 5);
  await expect
    .poll(async () => firingAlerts(begun, await takeScrape(gateway.url)), { interval: 500, timeout: 60_000 })
    .toEqual([]);
});

test.each([1, 10_000])(
  'A2E away is told at once, in a handful of lines with %i watched tasks, and so is its return',
  async (tasks) => {
    await using stack = new AsyncDisposableStack();
    const port = await freePort();
    const watched = stack.use(await startOutageGateway({ A2E_API_URL: `http://127.0.0.1:${port}` }));
    await watchTasks(watched.gateway.url, tasks, stack);
    const line = await expectRow('A2EAway', { ...watched, withinMs: 10_000 });
    expect(line).toMatchObject({ reason: 'ECONNREFUSED', failures: { ECONNREFUSED: 1 } });
    stack.use(await startSimulator({ ...CHURN, port }));
    await watched.lines.find(({ msg }) => msg === 'A2E answers again');
    await expect.poll(async () => (await fetch(`${watched.gateway.url}/readyz`)).text()).toContain('"upstream":"ok"');
    expect(watched.lines.all.length).toBeLessThan(8);
  },
);

test('A2E away: the circuit of its token is open, and the watched tasks are stale until it answers', async () => {
  await using stack = new AsyncDisposableStack();
  const { simulator, gateway } = await startExercise(stack, QUICK);
  await watchTasks(gateway.url, TASKS, stack);
  await metric(gateway.url, 'watched_tasks').toBe(TASKS);
  for (let index = 0; index < TASKS; index += 1) await simulator.waitForCalls(`task-${index}`, 2);
  simulator.setDown(true);
  await metric(gateway.url, 'circuits{state="open"}').toBe(1);
  await metric(gateway.url, 'stale_tasks').toBe(TASKS);
  await metric(gateway.url, 'ready').toBe(1);
  simulator.setDown(false);
  await metric(gateway.url, 'stale_tasks').toBe(0);
  await problems(gateway.url).not.toContain('A2E does not answer');
});

test('token refused: the gateway is not ready', async () => {
  await using stack = new AsyncDisposableStack();
  const watched = await startExercise(stack, {}, { tokens: ['another'] });
  await watchTasks(watched.gateway.url, 1, stack);
  await expectRow('A2ETokenRefused', watched);
  await metric(watched.gateway.url, 'ready').toBe(0);
  await metric(watched.gateway.url, 'upstream_available').toBe(0);
  await metric(watched.gateway.url, 'pacing_events_total{event="token-refused"}').toBeGreaterThan(0);
});

test('rate limited: polling pauses', async () => {
  await using stack = new AsyncDisposableStack();
  const { simulator, ...watched } = await startExercise(stack);
  await watchTasks(watched.gateway.url, 1, stack);
  await simulator.waitForCalls('task-0', 1);
  simulator.fault({ kind: 'status', status: 429, retryAfter: 60, times: 'always' });
  await expectRow('A2ERateLimited', watched);
});

test('one bad tenant: three failing tasks are enough, and no healthy task is stale', async () => {
  await using stack = new AsyncDisposableStack();
  const { simulator, ...watched } = await startExercise(stack);
  const { url } = watched.gateway;
  await watchTasks(url, TASKS, stack);
  await simulator.waitForCalls(`task-${TASKS - 1}`, 2);
  const client = stack.use(await connect(url));
  const broken = ['broken-1', 'broken-2', 'broken-3'];
  for (const id of broken) {
    simulator.fault({ kind: 'status', status: 503, id, times: 'always' });
    client.subscribe(id, `subscription { taskStatus(id: "${id}") { id } }`);
  }
  const wrong: string[] = [];
  const failedCalls = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const value = (series: string) => seriesValue(text, `video_task_gateway_${series}`);
    if (value('upstream_available') !== 1) wrong.push('not available');
    if (value('circuits{state="open"}') !== 0) wrong.push('open circuit');
    if (value('stale_tasks') !== 0) wrong.push('stale task');
    return value('upstream_calls_total{outcome="503"}');
  };
  // The back-off of the tasks reaches the length of an outage that would count.
  await expect.poll(failedCalls, { interval: 20, timeout: 30_000 }).toBeGreaterThan(4 * broken.length);
  expect(wrong).toEqual([]);
  const pollMs = 3_000;
  const failingMs = backoffDelay(Number.MAX_SAFE_INTEGER, { intervalMs: pollMs, maxIntervalMs: pollMs }, () => 0.5);
  await expectRow('TenantFailing', {
    ...watched,
    // By default a changing task is polled every 3 s, and one that has failed for long is backed off.
    perMinute: (series) => {
      if (series.endsWith('calls_total{outcome="503"}')) return (broken.length * 60_000) / failingMs;
      return series.endsWith('calls_total{outcome="200"}') ? (TASKS * 60_000) / pollMs : undefined;
    },
  });
});

test('Redis away: the time without it is counted', async () => {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisServer.start());
  const { simulator, ...watched } = await startExercise(stack, { REDIS_URL: redis.url });
  const { url } = watched.gateway;
  await watchTasks(url, 1, stack);
  await metric(url, 'redis_round_trips_total').toBeGreaterThan(3);
  await metric(url, 'claims_total{result="won"}').toBeGreaterThan(1);
  await redis.kill();
  await expectRow('RedisAway', watched);
  await metric(url, 'redis_connected').toBe(0);
  await simulator.waitForCalls('task-0', simulator.callsFor('task-0').length + 1);
});

test('a Redis that is unreachable from the start is reported', async () => {
  const port = await freePort();
  await using stack = new AsyncDisposableStack();
  await expectRow('RedisAway', await startExercise(stack, { REDIS_URL: `redis://127.0.0.1:${port}` }));
});

test('an unreachable key set is reported before the first request, and so is its recovery', async () => {
  await using stack = new AsyncDisposableStack();
  const keys = stack.use(await KeySet.start());
  await keys.add('one');
  keys.down = true;
  const watched = await startExercise(stack, { AUTH_MODE: 'jwt', AUTH_JWKS_URL: keys.url });
  expect(await expectRow('KeySetAway', watched)).toMatchObject({ reason: 'HTTP 500' });
  keys.down = false;
  const authorization = `Bearer ${await keys.sign('one', { tasks: '*' })}`;
  const ask = () => fetch(`${watched.gateway.url}/graphql?query={__typename}`, { headers: { authorization } });
  await expect.poll(async () => (await ask()).status, { interval: 100, timeout: 40_000 }).toBe(200);
  await watched.lines.find(({ msg }) => msg === 'key set answers again');
  expect(await (await fetch(`${watched.gateway.url}/readyz`)).json()).toMatchObject({ keySet: 'ok' });
});

test('budget exhausted: polls are late, and the delay says so', async () => {
  await using stack = new AsyncDisposableStack();
  const watched = await startExercise(stack, { ...QUICK, UPSTREAM_MAX_RPS: '4' });
  await watchTasks(watched.gateway.url, 16, stack);
  await expectRow('UpstreamBudgetExhausted', { ...watched, also: ['PollsLate'] });
  await expectRow('PollsLate', { ...watched, also: ['UpstreamBudgetExhausted'] });
});

test('slow clients: newer updates replace older ones, and a client that reads nothing is disconnected', async () => {
  await using stack = new AsyncDisposableStack();
  const { simulator, ...watched } = await startExercise(
    stack,
    QUICK,
    {},
    { timeouts: { ...DEFAULT_TIMEOUTS, stallMs: 4_000 } },
  );
  const { url } = watched.gateway;
  let updates = 0;
  const update = (): void => {
    updates += 1;
    simulator.setTask('task-1', { status: 'process', msg: `${updates}`.padEnd(4_000, 'x') });
  };
  update();
  const aliases = Array.from({ length: 15 }, (_, index) => `m${index}: message`).join(' ');
  const [slow, healthy] = [stack.use(await connect(url)), stack.use(await connect(url))];
  const subscriptions = 60;
  for (let id = 0; id < subscriptions; id += 1)
    slow.subscribe(`${id}`, `subscription { taskStatus(id: "task-1") { ${aliases} } }`);
  for (let id = 0; id < subscriptions; id += 1)
    healthy.subscribe(`${id}`, 'subscription { taskStatus(id: "task-1") { status checkedAt message } }');
  await slow.messages.count(1 + subscriptions);
  // The slow client takes one chunk for each update, a small part of it.
  const tcp = tcpOf(slow.socket);
  tcp.pause().on('data', () => tcp.pause());
  let isReading = true;
  healthy.messages.each(({ id }) => {
    if (id !== '0') return;
    update();
    if (isReading) tcp.resume();
  });
  await expectRow('SlowClients', watched);
  isReading = false;
  tcp.pause();
  await metric(url, 'stalled_clients_total{transport="websocket"}').toBe(1);
  await metric(url, 'operations_total{kind="subscription",outcome="unsubscribed"}').toBe(subscriptions);
});

test('flood: a client that floods again and again is refused, and so is one connection too many', async () => {
  await using stack = new AsyncDisposableStack();
  const timeouts = { ...DEFAULT_TIMEOUTS, floodBackoffMs: 100 };
  const { gateway, lines } = await startExercise(stack, { MAX_CONNECTIONS: '1' }, {}, { timeouts });
  const held = await connect(gateway.url);
  await expect(connect(gateway.url)).rejects.toThrow('503');
  await metric(gateway.url, 'refusals_total{reason="connections"}').toBe(1);
  await held[Symbol.asyncDispose]();
  await expect.poll(() => gateway.counts().connections).toBe(0);
  const over = new AbortController();
  const flooding = floodUntil(over.signal, gateway.url);
  stack.defer(async () => {
    over.abort();
    await flooding;
  });
  // A client that waits for its close floods every 22 s, because the gateway delays the close.
  const perMinute = 60_000 / (1.5 * DEFAULT_TIMEOUTS.floodBackoffMs);
  const slowest = (series: string) => (series.endsWith('{reason="flood"}') ? perMinute : undefined);
  await expectRow('ClientsRefused', { gateway, lines, perMinute: slowest });
});

async function floodUntil(signal: AbortSignal, url: string): Promise<void> {
  const pings = Array.from({ length: 1_000 }, () => ({ type: 'ping' }));
  while (!signal.aborted) {
    await using client = await connect(url);
    client.sendTogether(...pings);
    await client.closed;
  }
}
