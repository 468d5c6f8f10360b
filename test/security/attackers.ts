import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { clientFrame, HANDSHAKE } from '../support/hostile-socket.ts';
import { pipelinedPosts } from './pipelined-posts.ts';

/**
 * `node test/security/attackers.ts PORT SOCKETS KIND`: sockets that answer no ping, and reconnect a second after the
 * gateway has closed them. `many`: each tries 10,000 subscriptions, then floods pings. `mixed`: eight of ten sockets do
 * the same. One of ten opens the permitted number of subscriptions, with messages of the greatest length that are full
 * of unused JSON, and stays. One of ten sends the permitted burst of pongs of that length, and goes on. `pipelined`:
 * each sends 1,500 POSTs without waiting for a response.
 */
const [port = 0, sockets = 200] = process.argv.slice(2, 4).map(Number);
const [kind = 'many'] = process.argv.slice(4);
const SUBSCRIPTIONS = 10_000;
const PER_WRITE = 100;
/** The subscriptions that one socket may have, and the messages that it may send at once beside `connection_init`. */
const ALLOWED = 100;
const BURST = 298;
const AGAIN_MS = 1_000;

const PINGS = Buffer.concat(Array.from({ length: PER_WRITE }, () => clientFrame(9, 'x'.repeat(100))));

function subscriptions(from: number): Buffer {
  const frames = Array.from({ length: PER_WRITE }, (_, index) => {
    const query = `subscription { taskStatus(id: "attacked-${(from + index) % 100}") { status } }`;
    return clientFrame(1, JSON.stringify({ id: `${from + index}`, type: 'subscribe', payload: { query } }));
  });
  return Buffer.concat(frames);
}

/** Resolves when the socket takes more, or has closed. */
async function write(socket: Socket, chunk: Buffer): Promise<void> {
  if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => {});
  else await new Promise((resolve) => setImmediate(resolve));
}

/** JSON that is far larger once it is parsed; just under 64 KiB as a message of it. */
const FAT = `[${Array(20_000).fill('{}').join()}]`;
const FAT_FIELDS = ['"extensions":{"a":@}', '"variables":{"a":@}', '"a":@'].map((field) => field.replace('@', FAT));
const LONG_ID = 'x'.repeat(250);

function fatSubscription(index: number): Buffer {
  const query = `subscription { taskStatus(id: \\"attacked-${index}\\") { status } }`;
  const payload = `{"query":"${query}",${FAT_FIELDS[index % FAT_FIELDS.length]}}`;
  return clientFrame(1, `{"id":"${index}${LONG_ID}","type":"subscribe","payload":${payload}}`);
}

const FAT_PONG = clientFrame(1, `{"type":"pong","payload":{"a":${FAT}}}`);

async function manySubscriptions(socket: Socket): Promise<void> {
  for (let sent = 0; sent < SUBSCRIPTIONS && !socket.destroyed; sent += PER_WRITE)
    await write(socket, subscriptions(sent));
  while (!socket.destroyed) await write(socket, PINGS);
}

async function fatSubscriptions(socket: Socket): Promise<void> {
  for (let index = 0; index < ALLOWED && !socket.destroyed; index += 1) await write(socket, fatSubscription(index));
  // A socket that is not read emits no end.
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close').catch(() => {});
}

async function fatPongs(socket: Socket): Promise<void> {
  for (let sent = 0; sent < BURST && !socket.destroyed; sent += 1) await write(socket, FAT_PONG);
  while (!socket.destroyed) {
    await write(socket, FAT_PONG);
    await pause(10);
  }
}

async function attack(send: (socket: Socket) => Promise<void>): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.setMaxListeners(0);
  socket.on('error', () => {});
  socket.pause();
  socket.write(HANDSHAKE);
  socket.write(clientFrame(1, '{"type":"connection_init"}'));
  await send(socket);
}

async function attackForEver(send: (socket: Socket) => Promise<void>): Promise<never> {
  for (;;) {
    await attack(send);
    await pause(AGAIN_MS);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** Pipelines without end: 1,500 POSTs at a time of 100 ids each, with invented tokens. */
async function pipelined(): Promise<never> {
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.write(pipelinedPosts());
    await once(socket, 'close').catch(() => {});
    await pause(AGAIN_MS);
  }
}

const RARE = kind === 'mixed' ? { 8: fatSubscriptions, 9: fatPongs } : {};
const FEW = new Map(Object.entries(RARE));
if (kind === 'pipelined') await Promise.all(Array.from({ length: sockets }, pipelined));
await Promise.all(
  Array.from({ length: sockets }, (_, index) => attackForEver(FEW.get(`${index % 10}`) ?? manySubscriptions)),
);
