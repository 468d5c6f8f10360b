import { createServer } from 'node:http';
import { createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Harness, ID } from './harness.ts';
import { answerFor, run } from './upstream-server.ts';

const INTERVAL_MS = 20;

test('10,000 polls of a server that resets idle connections at the poll interval: none fails', async () => {
  const resets = new Map<Socket, NodeJS.Timeout>();
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const { socket } = request;
    clearTimeout(resets.get(socket));
    response.once('finish', () => {
      resets.set(
        socket,
        setTimeout(() => socket.resetAndDestroy(), INTERVAL_MS),
      );
    });
    request.resume().once('end', () => response.end(answerFor(ID)));
  });
  await using upstream = await run(server);
  await using harness = new Harness(upstream.origin, { maxConnections: 200 });
  const loop = async (): Promise<void> => {
    for (let poll = 0; poll < 50; poll += 1) {
      await harness.read();
      await delay(INTERVAL_MS);
    }
  };
  await Promise.all(Array.from({ length: 200 }, loop));
  expect(harness.events.filter(({ kind }) => kind === 'answered')).toHaveLength(10_000);
  expect(harness.events.filter(({ kind }) => kind === 'unanswered')).toEqual([]);
});

/** A server that treats its connections, and each one's requests, as it is told; counted from 1. */
function scripted(serve: (socket: Socket, connection: number, request: number) => void) {
  let connections = 0;
  return run(
    createTcpServer((socket) => {
      connections += 1;
      const connection = connections;
      let requests = 0;
      socket.on('data', (chunk) => {
        if (String(chunk).includes('POST ')) serve(socket, connection, ++requests);
      });
    }),
  );
}

function answer(socket: Socket): void {
  const body = answerFor(ID);
  socket.write(
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

test.each([
  ['a reset', (socket: Socket) => void socket.resetAndDestroy()],
  ['a close', (socket: Socket) => void socket.end()],
])('%s of a reused connection is repeated once, over a new connection', async (_how, cut) => {
  await using server = await scripted((socket, _connection, request) => (request === 1 ? answer(socket) : cut(socket)));
  await using harness = new Harness(server.origin, { maxConnections: 1 });
  await harness.read();
  expect(await harness.read()).toMatchObject({ id: ID });
  expect(server.connections).toBe(2);
});

test('a reset of a new connection is not repeated, nor is a second one', async () => {
  let calls = 0;
  await using server = await scripted((socket, connection, request) => {
    calls += 1;
    if (connection === 1 && request === 1) answer(socket);
    else socket.resetAndDestroy();
  });
  await using harness = new Harness(server.origin, { maxConnections: 1 });
  await harness.read();
  await harness.failure();
  expect(calls).toBe(3);
  await harness.failure();
  expect(calls).toBe(4);
});

test('a connection that breaks within an answer is not repeated', async () => {
  let calls = 0;
  await using server = await scripted((socket, _connection, request) => {
    calls += 1;
    if (request === 1) answer(socket);
    else socket.end('HTTP/1.1 200 O');
  });
  await using harness = new Harness(server.origin, { maxConnections: 1 });
  await harness.read();
  await harness.failure();
  expect(calls).toBe(2);
});
