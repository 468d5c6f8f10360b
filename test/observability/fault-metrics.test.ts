import { expect, test } from 'vitest';
import { DEFAULT_TIMEOUTS } from '../../src/server/limits/timeouts.ts';
import { type SimulatorOptions, startSimulator } from '../../src/simulator/simulator.ts';
import { startPair } from '../support/gateway.ts';
import { metric } from '../support/metrics-of.ts';
import { watchTasks } from '../support/outage-gateway.ts';
import { RedisServer } from '../support/redis-server.ts';
import { seriesValue } from '../support/scrape.ts';
import { startImpatient } from '../support/short-timeouts-gateway.ts';
import { problems } from '../support/status-events.ts';
import { connect, tcpOf } from '../support/ws-client.ts';

const CHURN: SimulatorOptions = { autoCreate: () => ({ timeline: 'churn' }) };
const STATUS_PAGE = { statusPage: { onFirstPort: true, everyMs: 200 } };
/** Enough failures in a row to open a circuit. */
const TASKS = 12;

test('A2E away: it is not available, its circuit is open, and the watched tasks are stale', async () => {
  await using stack = new AsyncDisposableStack();
  const { simulator, gateway } = stack.use(await startPair({}, CHURN, STATUS_PAGE));
  await watchTasks(gateway.url, TASKS, stack);
  await metric(gateway.url, 'watched_tasks').toBe(TASKS);
  for (let index = 0; index < TASKS; index += 1) await simulator.waitForCalls(`task-${index}`, 2);
  simulator.setDown(true);
  await metric(gateway.url, 'upstream_available').toBe(0);
  await metric(gateway.url, 'circuits{state="open"}').toBe(1);
  await metric(gateway.url, 'stale_tasks').toBe(TASKS);
  await metric(gateway.url, 'ready').toBe(1);
  await problems(gateway.url).toContain('A2E does not answer');
  simulator.setDown(false);
  await metric(gateway.url, 'stale_tasks').toBe(0);
  await problems(gateway.url).not.toContain('A2E does not answer');
});

test('token refused: the gateway is not ready, and a circuit is refused', async () => {
  await using stack = new AsyncDisposableStack();
  const { gateway } = stack.use(await startPair({}, { ...CHURN, tokens: ['another'] }, STATUS_PAGE));
  await watchTasks(gateway.url, 1, stack);
  await metric(gateway.url, 'circuits{state="refused"}').toBe(1);
  await metric(gateway.url, 'ready').toBe(0);
  await metric(gateway.url, 'pacing_events_total{event="token-refused"}').toBeGreaterThan(0);
  await problems(gateway.url).toContain('A2E refuses the token of the gateway');
});

test('one bad tenant: its calls fail, while A2E is available and no healthy task is stale', async () => {
  await using stack = new AsyncDisposableStack();
  const { simulator, gateway } = stack.use(await startPair({}, CHURN, STATUS_PAGE));
  await watchTasks(gateway.url, TASKS, stack);
  await simulator.waitForCalls(`task-${TASKS - 1}`, 2);
  simulator.fault({ kind: 'status', status: 503, id: 'broken', times: 'always' });
  const client = stack.use(await connect(gateway.url));
  client.subscribe('1', 'subscription { taskStatus(id: "broken") { id } }');
  const wrong: string[] = [];
  const failedCalls = async () => {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const value = (series: string) => seriesValue(text, `video_task_gateway_${series}`);
    if (value('upstream_available') !== 1) wrong.push('not available');
    if (value('circuits{state="open"}') !== 0) wrong.push('open circuit');
    if (value('stale_tasks') !== 0) wrong.push('stale task');
    return value('upstream_calls_total{outcome="503"}');
  };
  // The back-off of the task reaches the length of an outage that would count.
  await expect.poll(failedCalls, { interval: 20, timeout: 30_000 }).toBeGreaterThan(4);
  expect(wrong).toEqual([]);
  await problems(gateway.url).toContain('Some tasks or tokens fail');
});

test('Redis away: the time without it is counted, and its round trips end', async () => {
  await using stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisServer.start());
  const { gateway } = stack.use(await startPair({ REDIS_URL: redis.url }, CHURN, STATUS_PAGE));
  await watchTasks(gateway.url, 1, stack);
  await metric(gateway.url, 'redis_round_trips_total').toBeGreaterThan(3);
  await metric(gateway.url, 'claims_total{result="won"}').toBeGreaterThan(1);
  await redis.kill();
  await metric(gateway.url, 'redis_connected').toBe(0);
  await metric(gateway.url, 'redis_away_seconds_total').toBeGreaterThan(1);
  await problems(gateway.url).toContain('Redis is away');
});

test('budget exhausted: polls are late, and the delay says so', async () => {
  await using stack = new AsyncDisposableStack();
  const { gateway } = stack.use(await startPair({ UPSTREAM_MAX_RPS: '5' }, CHURN, STATUS_PAGE));
  await watchTasks(gateway.url, TASKS, stack);
  await metric(gateway.url, 'poll_delay_seconds').toBeGreaterThan(0.5);
  await metric(gateway.url, 'poll_lateness_seconds_sum{bulkhead="trusted"}').toBeGreaterThan(5);
  await problems(gateway.url).toContain('The budget towards A2E is exhausted');
});

test('slow clients: newer updates replace older ones, and a client that reads nothing is disconnected', async () => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ tokens: ['t'] }));
  const env = { A2E_API_URL: simulator.url, POLL_INTERVAL_MS: '100', POLL_MAX_INTERVAL_MS: '100' };
  const gateway = stack.use(await startImpatient(env, { ...DEFAULT_TIMEOUTS, stallMs: 2_000 }));
  const client = stack.use(await connect(gateway.url));
  let updates = 0;
  const update = (): void => {
    updates += 1;
    simulator.setTask('task-1', { status: 'process', msg: `${updates}`.padEnd(4_000, 'x') });
  };
  update();
  const aliases = Array.from({ length: 15 }, (_, index) => `m${index}: message`).join(' ');
  const subscriptions = 60;
  for (let id = 0; id < subscriptions; id += 1)
    client.subscribe(`${id}`, `subscription { taskStatus(id: "task-1") { ${aliases} } }`);
  await client.messages.count(1 + subscriptions);
  tcpOf(client.socket).pause();
  const calls = simulator.totalCalls();
  for (let call = 1; call <= 6; call += 1) {
    await simulator.waitForCalls('task-1', calls + call);
    update();
  }
  await metric(gateway.url, 'updates_conflated_total{transport="websocket"}').toBeGreaterThan(0);
  await metric(gateway.url, 'stalled_clients_total{transport="websocket"}').toBe(1);
  await metric(gateway.url, 'operations_total{kind="subscription",outcome="unsubscribed"}').toBe(subscriptions);
  await problems(gateway.url).toContain('Clients read slowly');
});

test('flood: the client is refused, and so is one connection too many', async () => {
  await using stack = new AsyncDisposableStack();
  const { gateway } = stack.use(await startPair({ MAX_CONNECTIONS: '1' }, {}, STATUS_PAGE));
  const client = stack.use(await connect(gateway.url));
  client.sendTogether(...Array.from({ length: 1_000 }, () => ({ type: 'ping' })));
  await metric(gateway.url, 'refusals_total{reason="flood"}').toBe(1);
  await expect(connect(gateway.url)).rejects.toThrow('503');
  await metric(gateway.url, 'refusals_total{reason="connections"}').toBe(1);
  await problems(gateway.url).toContain('Clients are refused');
});
