import { expect, it } from 'vitest';
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
