import { expect, test } from 'vitest';
import { GatewayFleet } from '../support/gateway-fleet.ts';
import { ask, post } from '../support/http-client.ts';

const WEBHOOK_TOKEN = 'a-webhook-token-of-the-deployment';

test('a webhook call to one gateway makes the gateway that watches the task read it at once', async () => {
  const env = { POLL_INTERVAL_MS: '60000', WEBHOOK_TOKEN };
  await using fleet = await GatewayFleet.start({ gateways: 2, env });
  const [watching, called] = fleet.gateways;
  if (!watching || !called) throw new Error('two gateways');
  fleet.retire(called);
  fleet.simulator.setTask('shared', { status: 'process', process: 10 });
  const [client] = await fleet.watch('shared', 1);
  fleet.simulator.setTask('shared', { status: 'process', process: 90 });
  const calledAt = performance.now();
  const body = JSON.stringify({ data: { _id: 'shared' } });
  const headers = { 'content-type': 'application/json', 'x-a2e-webhook-token': WEBHOOK_TOKEN };
  expect((await ask(`${called.url}/webhooks/a2e`, { method: 'POST', headers, body })).status).toBe(204);
  await client?.states.find(({ progress }) => progress === 90);
  expect(performance.now() - calledAt).toBeLessThan(5_000);
  expect(fleet.simulator.countFor('shared')).toBe(2);
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
