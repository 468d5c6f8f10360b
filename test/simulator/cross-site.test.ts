import { expect, it } from 'vitest';
import { CONTROL_METHODS } from '../../src/simulator/control.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { ask } from '../support/http-client.ts';

it.each([
  [{ method: 'POST', headers: { origin: 'https://evil.example' } }, 403],
  [{ method: 'POST', headers: { origin: 'null' } }, 403],
  [{ method: 'GET', headers: { 'sec-fetch-site': 'cross-site' } }, 403],
  [{ method: 'POST', headers: { 'sec-fetch-site': 'same-site' } }, 403],
  [{ method: 'GET', headers: {} }, 405],
  [{ method: 'POST', headers: {} }, 200],
])('a control address answers %j with %i', async (request, status) => {
  await using simulator = await startSimulator();
  expect((await ask(`${simulator.url}/_sim/totalCalls`, request)).status).toBe(status);
});

it.each(CONTROL_METHODS)('no page of another site reaches %s', async (method) => {
  await using simulator = await startSimulator();
  const headers = { origin: 'https://evil.example', 'content-type': 'text/plain' };
  const answer = await ask(`${simulator.url}/_sim/${method}`, { method: 'POST', headers, body: '[true]' });
  expect([answer.status, answer.json()]).toEqual([403, { error: expect.any(String) }]);
  expect((await ask(`${simulator.url}/_sim/totalCalls`, { method: 'POST' })).status).toBe(200);
});
