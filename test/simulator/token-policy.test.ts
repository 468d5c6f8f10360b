import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { call } from './ask.ts';

test.each([
  ['http401', 401, 401],
  ['http403', 403, 403],
  ['code', 200, 401],
] as const)('a bad token is refused as %s', async (refusal, status, code) => {
  await using simulator = await startSimulator({ refusal });
  const response = await call(simulator.url, 'demo-success', { token: 'wrong' });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
});

test('a missing token is refused, an odd call answered 400, another address 404', async () => {
  await using simulator = await startSimulator({ tokens: '*' });
  const address = `${simulator.url}/api/v1/video/awsResult`;
  const authorized = { authorization: 'Bearer any' };
  expect((await fetch(address, { method: 'POST', body: '{"_id":"x"}' })).status).toBe(401);
  for (const body of ['', 'no json', '[]', '{"_id":7}', JSON.stringify({ _id: 'x'.repeat(70_000) })]) {
    expect((await fetch(address, { method: 'POST', body, headers: authorized })).status).toBe(400);
  }
  expect((await fetch(address, { headers: authorized })).status).toBe(404);
  expect((await fetch(`${simulator.url}/api/v1/other`, { method: 'POST' })).status).toBe(404);
});

test('tokens can be changed while it runs', async () => {
  await using simulator = await startSimulator();
  simulator.setAccess({ tokens: ['new'] });
  expect((await call(simulator.url, 'demo-success')).status).toBe(401);
  expect((await call(simulator.url, 'demo-success', { token: 'new' })).status).toBe(200);
});
