import { Agent, request } from 'node:http';
import { test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { TOKEN } from '../support/gateway.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { clientFrame, hostileSocket, until } from '../support/hostile-socket.ts';
import { metric } from '../support/metrics-of.ts';

const CLIENTS = 10_000;
const AT_ONCE = 50;

const WATCH = 'subscription ($id: ID!) { taskStatus(id: $id) { status } }';
const frameFor = (id: string) =>
  clientFrame(1, JSON.stringify({ id: '1', type: 'subscribe', payload: { query: WATCH, variables: { id } } }));

/** A client that cuts its connection at some moment of its life. */
async function vanish(gatewayUrl: string, index: number): Promise<void> {
  if (index % 5 === 4) return vanishFromStream(gatewayUrl, `t${index % 50}`);
  const socket = await hostileSocket(gatewayUrl);
  if (index % 5 > 0) socket.write(frameFor(`t${index % 50}`));
  if (index % 5 > 1) await until(socket, '"next"');
  if (index % 2 === 0) socket.resetAndDestroy();
  else socket.destroy();
}

function vanishFromStream(gatewayUrl: string, id: string): Promise<void> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
    const call = request(`${gatewayUrl}/graphql`, { method: 'POST', headers, agent: new Agent({ keepAlive: false }) });
    call.on('error', () => resolve());
    call.on('response', (response) => {
      response.on('error', () => {});
      response.once('data', () => {
        call.destroy();
        resolve();
      });
    });
    call.end(JSON.stringify({ query: WATCH, variables: { id } }));
  });
}

test(`after ${CLIENTS} abrupt disconnects the gateway is idle: no watch, no iterator, no socket`, {
  timeout: 120_000,
}, async () => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  for (let task = 0; task < 50; task += 1) simulator.setTask(`t${task}`, { status: 'process', process: 1 });
  const env = { A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN, POLL_INTERVAL_MS: '500' };
  // A process of its own: the clients take the core of this one, and the gateway's code runs faster without coverage.
  await using gateway = await GatewayProcess.start(env);
  const indexes = Array.from({ length: CLIENTS }, (_, index) => index).values();
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const index of indexes) await vanish(gateway.url, index);
    }),
  );
  for (const held of ['watched_tasks', 'live_results', 'connections']) await metric(gateway.url, held).toBe(0);
});
