import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startPair } from '../../support/gateway.ts';

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
