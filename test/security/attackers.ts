import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { clientFrame, HANDSHAKE } from '../support/hostile-socket.ts';

/**
 * `node test/security/attackers.ts PORT SOCKETS`: each socket tries 10,000 subscriptions, then floods pings, and never
 * reads. One that is thrown out comes again a second later.
 */
const [port = 0, sockets = 200] = process.argv.slice(2).map(Number);
const SUBSCRIPTIONS = 10_000;
const PER_WRITE = 100;
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

async function attack(): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.setMaxListeners(0);
  socket.on('error', () => {});
  socket.pause();
  socket.write(HANDSHAKE);
  socket.write(clientFrame(1, '{"type":"connection_init"}'));
  for (let sent = 0; sent < SUBSCRIPTIONS && !socket.destroyed; sent += PER_WRITE)
    await write(socket, subscriptions(sent));
  while (!socket.destroyed) await write(socket, PINGS);
}

async function attackForEver(): Promise<never> {
  for (;;) {
    await attack();
    await new Promise((resolve) => {
      setTimeout(resolve, AGAIN_MS);
    });
  }
}

await Promise.all(Array.from({ length: sockets }, attackForEver));
