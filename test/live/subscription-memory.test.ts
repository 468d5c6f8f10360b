import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { TOKEN } from '../support/gateway.ts';
import { startProbed } from '../support/probed-gateway.ts';

const CYCLES = 20_000;
const WARM_UP_CYCLES = 4_000;
const CLIENTS = 20;
const QUERY = 'subscription Watch($id: ID!) { taskStatus(id: $id) { id status progress } }';
const variables = { id: 'steady' };

/** As many as may be asked for on one socket without a pause. */
const CYCLES_PER_SOCKET = 40;

/** One client that subscribes, sees a state and completes, again and again, with a new socket now and then. */
async function cycleWebSocket(url: string, cycles: number): Promise<void> {
  for (let left = cycles; left > 0; left -= CYCLES_PER_SOCKET)
    await cycleOneSocket(url, Math.min(left, CYCLES_PER_SOCKET));
}

async function cycleOneSocket(url: string, cycles: number): Promise<void> {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  const subscribe = (id: number): void =>
    socket.send(JSON.stringify({ id: `${id}`, type: 'subscribe', payload: { query: QUERY, variables } }));
  let left = cycles;
  socket.once('open', () => socket.send('{"type":"connection_init"}'));
  socket.on('message', (data) => {
    const { type, id } = JSON.parse(data.toString()) as { type: string; id?: string };
    if (type === 'connection_ack') return subscribe(left);
    if (type !== 'next' || id !== `${left}`) return;
    socket.send(JSON.stringify({ id, type: 'complete' }));
    left -= 1;
    if (left > 0) subscribe(left);
    else socket.close();
  });
  await once(socket, 'close');
  expect(left).toBe(0);
}

/** One client that opens a stream, sees a state and goes away, again and again. A bare socket costs the least CPU. */
async function cycleStream(url: string, cycles: number, { accept, sign }: Stream): Promise<void> {
  const { hostname, port } = new URL(url);
  const body = JSON.stringify({ query: QUERY, variables });
  const head = `POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\naccept: ${accept}\r\n`;
  for (let cycle = 0; cycle < cycles; cycle += 1) {
    const socket = connect(Number(port), hostname).setEncoding('utf8');
    socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`);
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.includes(sign)) break;
    }
    if (!text.includes(sign)) throw new Error(`No state has come: ${text}`);
  }
}

interface Stream {
  readonly accept: string;
  /** The bytes by which a result is known. */
  readonly sign: string;
}

const SSE: Stream = { accept: 'text/event-stream', sign: 'event: next' };
const MULTIPART: Stream = { accept: 'multipart/mixed;subscriptionSpec=1.0', sign: '{"payload":{"data":' };

it.each([
  { transport: 'WebSocket', cycle: cycleWebSocket },
  { transport: 'SSE', cycle: (url: string, cycles: number) => cycleStream(url, cycles, SSE) },
  { transport: 'multipart', cycle: (url: string, cycles: number) => cycleStream(url, cycles, MULTIPART) },
])('$transport: the heap is after 20,000 subscriptions what it was before', { timeout: 180_000 }, async ({ cycle }) => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  simulator.setTask(variables.id, { status: 'process', process: 42 });
  await using gateway = await startProbed({ A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN });
  const url = `${gateway.url}/graphql`;
  const run = (cycles: number): Promise<unknown> =>
    Promise.all(Array.from({ length: CLIENTS }, () => cycle(url, cycles / CLIENTS)));
  await run(WARM_UP_CYCLES);
  const before = await settled(gateway.heap);
  await run(CYCLES);
  await vi.waitFor(async () => expect(await gateway.heap()).toBeLessThan(before * 1.05), { timeout: 20_000 });
});

/** The heap once it shrinks no more. */
async function settled(heap: () => Promise<number>): Promise<number> {
  let last = await heap();
  for (let next = await heap(); next < last * 0.995; next = await heap()) last = next;
  return last;
}
