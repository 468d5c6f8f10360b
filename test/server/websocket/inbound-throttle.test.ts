import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { StreamWriter } from '../../../src/live/stream-writer.ts';
import { EventLoopQueue } from '../../../src/server/limits/event-loop-queue.ts';
import { TokenBucket } from '../../../src/server/limits/token-bucket.ts';
import { InboundThrottle } from '../../../src/server/websocket/inbound-throttle.ts';

const FRAMES = 299;
const FRAME_BYTES = 60 * 1024;
const MAX_FRAME_BYTES = 64 * 1024;
/** More than the buffers of the operating system hold. */
const UNREAD_BYTES = 32 * 1024 * 1024;
/** In which nothing of the socket is handled, because others come first. */
const TURNS_OF_OTHERS = 200;

/** Two ends of one WebSocket. */
async function socketPair() {
  const server = new WebSocketServer({ port: 0, maxPayload: MAX_FRAME_BYTES });
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [socket, request] = (await once(server, 'connection')) as [WebSocket, IncomingMessage];
  if (client.readyState !== client.OPEN) await once(client, 'open');
  return {
    client,
    socket,
    stream: request.socket,
    async [Symbol.asyncDispose]() {
      client.terminate();
      // A paused socket reads no end.
      socket.terminate();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Takes more than one turn of the event loop has for messages. */
function takeTurn(): void {
  const until = performance.now() + 2;
  while (performance.now() < until);
}

test('while messages wait for their turn, no more than about one frame is read ahead', async () => {
  await using pair = await socketPair();
  const { client, socket, stream } = pair;
  const { promise: all, resolve, reject } = Promise.withResolvers<void>();
  const handled: number[] = [];
  let waiting = 0;
  let most = 0;
  const queue = new EventLoopQueue();
  const intake = new InboundThrottle({
    socket,
    writer: new StreamWriter(stream, { onStall: () => reject(new Error('stalled')) }),
    frames: new TokenBucket({ burst: FRAMES, perSecond: 100 }),
    text: new TokenBucket({ burst: Number.POSITIVE_INFINITY, perSecond: 1 }),
    queue,
    maxWaiting: MAX_FRAME_BYTES,
    handle: (text) => {
      waiting -= text.length;
      handled.push(Number.parseInt(text, 10));
      if (handled.length === FRAMES) resolve();
      return null;
    },
    onFlood: () => reject(new Error('a flood')),
  });
  socket.on('message', (message: Buffer) => {
    waiting += message.length;
    most = Math.max(most, waiting);
    intake.receive(message.toString());
  });
  for (let turn = 0; turn < TURNS_OF_OTHERS; turn += 1) queue.run(takeTurn);
  for (let index = 0; index < FRAMES; index += 1) client.send(`${index} `.padEnd(FRAME_BYTES, 'x'));
  await all;
  expect(handled).toEqual(Array.from({ length: FRAMES }, (_, index) => index));
  expect(most).toBeLessThan(4 * MAX_FRAME_BYTES);
});

test('a client that sends much text is read more slowly, and loses no message', async () => {
  await using pair = await socketPair();
  const { client, socket, stream } = pair;
  const { promise: all, resolve, reject } = Promise.withResolvers<void>();
  const handled: number[] = [];
  const intake = new InboundThrottle({
    socket,
    writer: new StreamWriter(stream, { onStall: () => reject(new Error('stalled')) }),
    frames: new TokenBucket({ burst: FRAMES, perSecond: 100 }),
    text: new TokenBucket({ burst: 4 * FRAME_BYTES, perSecond: 20 * FRAME_BYTES }),
    queue: new EventLoopQueue(),
    maxWaiting: MAX_FRAME_BYTES,
    handle: (text) => {
      handled.push(Number.parseInt(text, 10));
      if (handled.length === 16) resolve();
      return null;
    },
    onFlood: () => reject(new Error('a flood')),
  });
  socket.on('message', (message: Buffer) => intake.receive(message.toString()));
  const startedAt = performance.now();
  for (let index = 0; index < 16; index += 1) client.send(`${index} `.padEnd(FRAME_BYTES, 'x'));
  await all;
  expect(handled).toEqual(Array.from({ length: 16 }, (_, index) => index));
  // Four at once, two that had been read already, and ten at 20 per second.
  expect(performance.now() - startedAt).toBeGreaterThan(450);
});

test('a message waits until the operation of the one before it is in place', async () => {
  await using pair = await socketPair();
  const { client, socket, stream } = pair;
  const { promise: first, resolve: begin } = Promise.withResolvers<void>();
  const { promise: prepared, resolve: finish } = Promise.withResolvers<void>();
  const { promise: all, resolve, reject } = Promise.withResolvers<void>();
  const handled: string[] = [];
  const queue = new EventLoopQueue();
  const intake = new InboundThrottle({
    socket,
    writer: new StreamWriter(stream, { onStall: () => reject(new Error('stalled')) }),
    frames: new TokenBucket({ burst: FRAMES, perSecond: 100 }),
    text: new TokenBucket({ burst: FRAME_BYTES, perSecond: FRAME_BYTES }),
    queue,
    maxWaiting: MAX_FRAME_BYTES,
    handle: (text) => {
      handled.push(text);
      if (text === 'complete') resolve();
      if (text !== 'subscribe') return null;
      begin();
      return prepared;
    },
    onFlood: () => reject(new Error('a flood')),
  });
  socket.on('message', (message: Buffer) => intake.receive(message.toString()));
  for (const text of ['subscribe', 'complete']) client.send(text);
  await first;
  for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((next) => queue.run(next));
  expect(handled).toEqual(['subscribe']);
  finish();
  await all;
  expect(handled).toEqual(['subscribe', 'complete']);
});

test('a client that reads no results has its messages wait until it reads again', async () => {
  await using pair = await socketPair();
  const { client, socket, stream } = pair;
  const { promise: handled, resolve, reject } = Promise.withResolvers<string>();
  const writer = new StreamWriter(stream, { onStall: () => reject(new Error('stalled')) });
  const queue = new EventLoopQueue();
  const intake = new InboundThrottle({
    socket,
    writer,
    frames: new TokenBucket({ burst: FRAMES, perSecond: 100 }),
    text: new TokenBucket({ burst: FRAME_BYTES, perSecond: FRAME_BYTES }),
    queue,
    maxWaiting: MAX_FRAME_BYTES,
    handle: (text) => {
      resolve(text);
      return null;
    },
    onFlood: () => reject(new Error('a flood')),
  });
  const arrived = once(socket, 'message');
  socket.on('message', (message: Buffer) => intake.receive(message.toString()));
  client.pause();
  socket.send(Buffer.alloc(UNREAD_BYTES));
  client.send('subscribe');
  await arrived;
  expect(await Promise.race([handled, new Promise<void>((next) => queue.run(next))])).toBeUndefined();
  expect(socket.isPaused).toBe(true);
  client.resume();
  expect(await handled).toBe('subscribe');
});

test('a client that floods while an operation is prepared is reported once, and nothing more of it is handled', async () => {
  await using pair = await socketPair();
  const { client, socket, stream } = pair;
  const { promise: first, resolve: begin } = Promise.withResolvers<void>();
  const { promise: flooded, resolve, reject } = Promise.withResolvers<void>();
  const { promise: prepared, resolve: finish } = Promise.withResolvers<void>();
  const handled: string[] = [];
  let floods = 0;
  const queue = new EventLoopQueue();
  const intake = new InboundThrottle({
    socket,
    writer: new StreamWriter(stream, { onStall: () => reject(new Error('stalled')) }),
    frames: new TokenBucket({ burst: 10, perSecond: 1 }),
    text: new TokenBucket({ burst: FRAME_BYTES, perSecond: FRAME_BYTES }),
    queue,
    maxWaiting: MAX_FRAME_BYTES,
    handle: (text) => {
      handled.push(text);
      begin();
      return prepared;
    },
    onFlood: () => {
      floods += 1;
      resolve();
    },
  });
  socket.on('message', (message: Buffer) => intake.receive(message.toString()));
  client.send('0');
  await first;
  for (let n = 1; n < 100; n += 1) client.send(`${n}`);
  await flooded;
  finish();
  for (let turn = 0; turn < 10; turn += 1) await new Promise<void>((next) => queue.run(next));
  expect([handled, floods]).toEqual([['0'], 1]);
});
