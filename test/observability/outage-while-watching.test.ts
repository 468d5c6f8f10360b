import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { metric } from '../support/metrics-of.ts';
import { INTERVAL_MS, type OutageGateway, startOutageGateway, watchTasks } from '../support/outage-gateway.ts';
import { RedisServer } from '../support/redis-server.ts';

/** Two intervals, and a margin for a busy machine. */
const KNOWN_WITHIN_MS = 2 * INTERVAL_MS + 1_000;
/**
 * The rate keeps ten thousand watched tasks from taking the whole machine. The first answers take half a minute at this
 * rate: no watch may end before them.
 */
const RATE = { UPSTREAM_MAX_RPS: '300', FIRST_ANSWER_TIMEOUT_MS: '120000' };

async function report({ gateway }: OutageGateway): Promise<string> {
  const paths = ['/readyz', '/metrics'];
  return (await Promise.all(paths.map(async (path) => (await fetch(`${gateway.url}${path}`)).text()))).join('\n');
}

/** Fails unless `/readyz` and the metric tell of the outage in time. */
async function expectKnown(watched: OutageGateway, texts: readonly [string, string]): Promise<void> {
  const options = { timeout: KNOWN_WITHIN_MS, interval: 50 };
  const missing = async () => {
    const text = await report(watched);
    return texts.filter((part) => !text.includes(part));
  };
  await expect.poll(missing, options).toEqual([]);
}

test.each([1, 10_000])('A2E goes away under %i watched tasks: known within two intervals', async (tasks) => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ autoCreate: () => ({ timeline: 'churn' }) }));
  const watched = stack.use(await startOutageGateway({ ...RATE, A2E_API_URL: simulator.url }));
  await watchTasks(watched.gateway.url, tasks, stack);
  await expect.poll(() => watched.gateway.counts().watches, { timeout: 90_000 }).toBe(tasks);
  await simulator.waitForCalls('task-0', 1);
  await expectKnown(watched, ['"upstream":"ok"', 'video_task_gateway_upstream_available 1\n']);
  await simulator[Symbol.asyncDispose]();
  await expectKnown(watched, ['"upstream":"away"', 'video_task_gateway_upstream_available 0\n']);
  expect(watched.lines.all.filter(({ msg }) => msg === 'A2E fails')).toHaveLength(1);
});

test.each([1, 1_000])('A2E falls silent under %i watched tasks: known within two intervals', async (tasks) => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ autoCreate: () => ({ timeline: 'churn' }) }));
  const watched = stack.use(await startOutageGateway({ ...RATE, A2E_API_URL: simulator.url }));
  await watchTasks(watched.gateway.url, tasks, stack);
  await expect.poll(() => watched.gateway.counts().watches, { timeout: 90_000 }).toBe(tasks);
  await simulator.waitForCalls('task-0', 1);
  await expectKnown(watched, ['"upstream":"ok"', 'video_task_gateway_upstream_available 1\n']);
  simulator.fault({ kind: 'hang', times: 'always' });
  await expectKnown(watched, ['"upstream":"away"', 'video_task_gateway_upstream_available 0\n']);
});

test('ids that A2E never answers, or fails, are no outage and no line, while another task is polled rarely', async () => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ autoCreate: () => ({ timeline: 'churn' }) }));
  const rarely = { POLL_MAX_INTERVAL_MS: `${4 * INTERVAL_MS}`, UPSTREAM_TIMEOUT_MS: '1000' };
  const watched = stack.use(await startOutageGateway({ ...rarely, A2E_API_URL: simulator.url }));
  simulator.setTask('task-0', { status: 'process' });
  simulator.fault({ kind: 'hang', id: 'task-1', times: 'always' });
  simulator.fault({ kind: 'status', status: 503, id: 'task-2', times: 'always' });
  await watchTasks(watched.gateway.url, 1, stack);
  await simulator.waitForCalls('task-0', 1);
  await metric(watched.gateway.url, 'upstream_calls_total{outcome="200"}').toBeGreaterThan(0);
  await watchTasks(watched.gateway.url, 3, stack);
  const words = new Set<string>();
  const look = async () => {
    const { upstream } = (await (await fetch(`${watched.gateway.url}/readyz`)).json()) as { readonly upstream: string };
    words.add(upstream);
    return Math.min(...['task-0', 'task-1', 'task-2'].map((id) => simulator.countFor(id)));
  };
  // The second call of `task-1` begins after the first has timed out.
  await expect.poll(look, { interval: 20, timeout: 30_000 }).toBeGreaterThanOrEqual(3);
  expect([...words]).toEqual(['ok']);
  expect(watched.lines.all).toEqual([]);
});

test.each([1, 10_000])('Redis goes away under %i watched tasks: known within two intervals', async (tasks) => {
  await using stack = new AsyncDisposableStack();
  const simulator = stack.use(await startSimulator({ autoCreate: () => ({ timeline: 'churn' }) }));
  const redis = stack.use(await RedisServer.start());
  const env = { ...RATE, A2E_API_URL: simulator.url, REDIS_URL: redis.url };
  const watched = stack.use(await startOutageGateway(env));
  await expectKnown(watched, ['"cluster":"connected"', 'video_task_gateway_redis_connected 1\n']);
  await watchTasks(watched.gateway.url, tasks, stack);
  await expect.poll(() => watched.gateway.counts().watches, { timeout: 90_000 }).toBe(tasks);
  await simulator.waitForCalls('task-0', 1);
  await redis.kill();
  await expectKnown(watched, ['"cluster":"away"', 'video_task_gateway_redis_connected 0\n']);
  // A machine that stalls may lose Redis before; each outage is one line all the same.
  const changes = watched.lines.all.filter(({ msg }) => msg.startsWith('redis is away') || msg === 'redis connected');
  expect(changes.map(({ msg }) => msg === 'redis connected')).toEqual(changes.map((_, index) => index % 2 === 0));
  expect(changes.length % 2).toBe(0);
});
