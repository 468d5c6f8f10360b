import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import { ask, post } from '../support/http-client.ts';

const WEBHOOK_TOKEN = 'a-webhook-token-of-the-deployment';

/** So long that a hint alone explains a state within half a second of it. */
const INTERVAL_MS = 20_000;

describe('a webhook call in a cluster of three gateways', () => {
  let fleet: GatewayFleet;
  beforeAll(async () => {
    const intervals = { POLL_INTERVAL_MS: `${INTERVAL_MS}`, POLL_MAX_INTERVAL_MS: `${INTERVAL_MS}` };
    const env = { ...intervals, WEBHOOK_TOKEN };
    fleet = await GatewayFleet.start({ gateways: 3, env });
  });
  afterAll(() => fleet[Symbol.asyncDispose]());

  async function callWebhook(url: string, id: string): Promise<number> {
    const body = JSON.stringify({ data: { _id: id } });
    const headers = { 'content-type': 'application/json', 'x-a2e-webhook-token': WEBHOOK_TOKEN };
    return (await ask(`${url}/webhooks/a2e`, { method: 'POST', headers, body })).status;
  }

  /** The first call, the hinted one and the polls since. A gateway that a busy machine keeps from Redis calls for itself. */
  function mostCalls(since: number): number {
    const away = fleet.started.flatMap(({ log }) => log.filter((line) => line.includes('polling on our own')));
    return 2 + 2 * away.length + Math.floor((performance.now() - since) / (0.9 * INTERVAL_MS));
  }

  test('to one that watches nothing brings the watchers of the two others the final state within 500 ms', async () => {
    const [called, ...watching] = fleet.gateways;
    if (!called) throw new Error('three gateways');
    fleet.retire(called);
    const delays: number[] = [];
    for (const id of ['one', 'two', 'three']) {
      fleet.simulator.setTask(id, { status: 'process', process: 10 });
      fleet.simulator.setTask(`beside-${id}`, { status: 'process' });
      const since = performance.now();
      const clients = await fleet.watch(id, 4);
      expect(new Set(clients.map(({ gateway }) => gateway))).toEqual(new Set(watching.map(({ url }) => url)));
      fleet.simulator.setTask(id, { status: 'success', result: 'https://a2e.example/one.mp4' });
      const begun = performance.now();
      // A query has a request, a claim and a call too: its time is the time that a busy machine takes for them.
      const asked = watching.map(({ url }) => post(url, `{ videoTask(id: "beside-${id}") { status } }`));
      const queries = Promise.all(asked).then(() => performance.now() - begun);
      expect(await callWebhook(called.url, id)).toBe(204);
      const finals = await Promise.all(clients.map(({ states }) => states.find(({ finished }) => finished)));
      delays.push(Math.max(...finals.map(({ at }) => at - begun)) - (await queries));
      expect(finals.map(({ status }) => status)).toEqual(['SUCCESS', 'SUCCESS', 'SUCCESS', 'SUCCESS']);
      expect(fleet.simulator.countFor(id)).toBeLessThanOrEqual(mostCalls(since));
    }
    const sorted = delays.toSorted((a, b) => a - b).map(Math.round);
    process.stdout.write(`webhook: final states ${sorted.join(', ')} ms later than a query at the same time\n`);
    expect(sorted[1]).toBeLessThan(500);
    fleet.gateways.push(called);
  });

  test('that is replayed a thousand times to gateways that all watch the task costs one call', async () => {
    fleet.simulator.setTask('shared', { status: 'process', process: 10 });
    const since = performance.now();
    const clients = await fleet.watch('shared', 3);
    fleet.simulator.setTask('shared', { status: 'process', process: 90 });
    const statuses = new Set<number>();
    for (let batch = 0; batch < 10; batch += 1) {
      const replays = Array.from({ length: 100 }, () => callWebhook(fleet.pick(), 'shared'));
      for (const status of await Promise.all(replays)) statuses.add(status);
    }
    await Promise.all(clients.map(({ states }) => states.find(({ progress }) => progress === 90)));
    expect([...statuses].filter((status) => status !== 204 && status !== 429)).toEqual([]);
    expect(fleet.simulator.countFor('shared')).toBeLessThanOrEqual(mostCalls(since));
  });
});

test('two deployments with one token and one Redis, in front of different A2E, share no state', async () => {
  await using staging = await GatewayFleet.start({ gateways: 1 });
  await using production = await GatewayFleet.start({ gateways: 1, redisUrl: staging.redis.url });
  staging.simulator.setTask('task', { status: 'process', process: 11 });
  production.simulator.setTask('task', { status: 'process', process: 22 });
  for (const [fleet, progress] of [
    [staging, 11],
    [production, 22],
  ] as const) {
    const answer = await post(fleet.pick(), '{ videoTask(id: "task") { progress } }');
    expect(answer.json()).toEqual({ data: { videoTask: { progress } } });
  }
});
