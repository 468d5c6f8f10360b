import { setTimeout } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { expose } from '../support/probe.ts';
import { sampleResult, taskId } from '../support/task.ts';

/** The floor over WebSocket: `ws` alone, and for each update one buffer that is sent to every socket of its task. */
const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: false,
  backlog: 4096,
  handleProtocols: () => 'graphql-transport-ws',
});
const topics = new Map<string, Set<WebSocket>>();
type WebSocket = import('ws').WebSocket;

server.on('connection', (socket) => {
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(data.toString()) as { type: string; payload?: { variables: { id: string } } };
    if (type === 'connection_init') socket.send('{"type":"connection_ack"}');
    if (type !== 'subscribe' || !payload) return;
    const { id } = payload.variables;
    topics.getOrInsertComputed(id, () => new Set()).add(socket);
    socket.send(message(id, 0));
  });
});

function message(id: string, progress: number): Buffer {
  const uuid = '01234567-89ab-4cde-8f01-23456789abcd';
  return Buffer.from(`{"id":"${uuid}","type":"next","payload":${sampleResult(id, progress)}}`);
}

/** One of 100 tasks changes every 3 ms, as at a poll interval of 300 ms of the gateway. */
const SPREAD_MS = 3;

expose('publish', async (tasks: number, progress: number) => {
  const at = performance.timeOrigin + performance.now();
  for (let index = 0; index < tasks; index += 1) {
    if (index > 0) await setTimeout(SPREAD_MS);
    const id = taskId(index);
    const update = message(id, progress);
    for (const socket of topics.get(id) ?? []) socket.send(update, { binary: false });
  }
  return at;
});

server.once('listening', () => {
  const { port } = server.address() as import('node:net').AddressInfo;
  console.log(`listening on http://127.0.0.1:${port}/graphql`);
});
