import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { startPair } from '../../support/gateway.ts';
import { until } from '../../support/hostile-socket.ts';
import { metric } from '../../support/metrics-of.ts';
import { startImpatient } from '../../support/short-timeouts-gateway.ts';
import { untilIdle } from '../../support/until-idle.ts';

const LATENCY_MS = 200;

function get(id: string): string {
  const query = encodeURIComponent(`{ videoTask(id: "${id}") { id } }`);
  return `GET /graphql?query=${query} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n`;
}

it('pipelined requests are served one after the other, and a request of a connection of its own beside them', async () => {
  await using pair = await startPair({}, { latencyMs: LATENCY_MS });
  const { gateway, simulator } = pair;
  const ids = ['first', 'second', 'other'];
  for (const id of ids) simulator.setTask(id, { status: 'process' });
  const port = Number(new URL(gateway.url).port);
  const [pipelining, other] = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')];
  let responses = '';
  pipelining.on('data', (chunk: Buffer) => {
    responses += chunk.toString();
  });
  pipelining.write(get('first') + get('second'));
  await simulator.waitForCalls('first', 1);
  other.write(get('other'));
  await once(other, 'data');
  await expect.poll(() => responses.match(/"id":"\w+"/g)).toEqual(['"id":"first"', '"id":"second"']);
  const [first = 0, second = 0, besides = 0] = ids.map((id) => simulator.callsFor(id)[0]);
  expect(second - first).toBeGreaterThanOrEqual(LATENCY_MS - 1);
  expect(besides).toBeLessThan(second);
  pipelining.destroy();
  other.destroy();
});

it('a pipelined request whose client has gone before its turn is not looked at', async () => {
  await using pair = await startPair({}, { latencyMs: LATENCY_MS });
  const { gateway, simulator } = pair;
  for (const id of ['first', 'second']) simulator.setTask(id, { status: 'process' });
  const client = connect(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
  client.write(get('first') + get('second'));
  await simulator.waitForCalls('first', 1);
  client.destroy();
  await untilIdle(gateway);
  await metric(gateway.url, 'response_cache_requests_total{result="miss"}').toBe(1);
  expect(simulator.countFor('second')).toBe(0);
});

it('a body of the default maximum may wait for its turn longer than a request may take to arrive', async () => {
  // The gateway waits 600 ms for a whole request, and node checks every 300 ms.
  await using simulator = await startSimulator({ tokens: ['t'], latencyMs: 1_500 });
  simulator.setTask('slow', { status: 'process' });
  await using gateway = await startImpatient({ A2E_API_URL: simulator.url });
  const body = JSON.stringify({ query: '{ __typename }' }).padEnd(65_536);
  const head = 'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n';
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
  const answered = until(socket, '"__typename":"Query"');
  socket.write(`${get('slow')}${head}content-length: ${body.length}\r\n\r\n${body}`);
  expect(await answered).toBeNull();
  socket.destroy();
});
