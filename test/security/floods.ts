import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { clientFrame } from '../support/hostile-socket.ts';

const SUBSCRIPTIONS = 10_000;
const PER_WRITE = 100;
/** The subscriptions that one socket may have, and the messages that it may send at once beside `connection_init`. */
const ALLOWED = 100;
const BURST = 298;

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

/** Tries 10,000 subscriptions, then floods pings. Resolves once the gateway has closed the socket, as the others do. */
export async function manySubscriptions(socket: Socket): Promise<void> {
  for (let sent = 0; sent < SUBSCRIPTIONS && !socket.destroyed; sent += PER_WRITE)
    await write(socket, subscriptions(sent));
  while (!socket.destroyed) await write(socket, PINGS);
}

/** Opens the permitted number of subscriptions, with messages of the greatest length full of unused JSON, and stays. */
export async function fatSubscriptions(socket: Socket): Promise<void> {
  for (let index = 0; index < ALLOWED && !socket.destroyed; index += 1) await write(socket, fatSubscription(index));
  // A socket that is not read emits no end.
  socket.resume();
  if (!socket.destroyed) await once(socket, 'close').catch(() => {});
}

/** Sends the permitted burst of pongs of the greatest length, and goes on. */
export async function fatPongs(socket: Socket): Promise<void> {
  for (let sent = 0; sent < BURST && !socket.destroyed; sent += 1) await write(socket, FAT_PONG);
  while (!socket.destroyed) {
    await write(socket, FAT_PONG);
    await pause(10);
  }
}
