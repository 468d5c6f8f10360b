import { connect, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** A WebSocket frame as a client sends it, masked with zeros; at most 65,535 bytes. Source: RFC 6455, section 5.2. */
export function clientFrame(opcode: number, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload);
  const { length } = body;
  const head = length < 126 ? [0x80 | opcode, 0x80 | length] : [0x80 | opcode, 0xfe, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]);
}

/** Asks for a WebSocket of `graphql-transport-ws`. */
export const HANDSHAKE =
  'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n';

/** A TCP socket that has asked for a WebSocket and begun the conversation, in one write; resolves once both are answered. */
export async function hostileSocket(gatewayUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(gatewayUrl);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(Buffer.concat([Buffer.from(HANDSHAKE), clientFrame(1, '{"type":"connection_init"}')]));
  await until(socket, 'connection_ack');
  return socket;
}

/** Resolves once the text has arrived, or the socket has closed. */
export function until(socket: Socket, text: string): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  let seen = '';
  const look = (chunk: Buffer): void => {
    seen = (seen + chunk.toString('latin1')).slice(-2_000);
    if (seen.includes(text)) resolve(null);
  };
  socket.on('data', look);
  socket.once('close', resolve);
  return promise.finally(() => socket.off('data', look).off('close', resolve));
}

/** Sends one byte at a time, each in a packet of its own, until all are sent or the socket has closed. */
export async function drip(socket: Socket, bytes: Buffer | string, everyMs = 0): Promise<void> {
  socket.setNoDelay(true);
  for (const byte of Buffer.from(bytes)) {
    if (socket.destroyed) return;
    socket.write(Buffer.of(byte));
    await setTimeout(everyMs);
  }
}

/** The code of the close frame that a socket gets which has asked for a WebSocket; null: it has closed without one. */
export function closeCode(socket: Socket): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  let seen = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const code = closeCodeIn(seen);
    if (code !== null) resolve(code);
  });
  socket.once('close', () => resolve(null));
  return promise;
}

/** Looks through the frames after the handshake: unmasked, and none of 64 KiB or more. */
function closeCodeIn(seen: Buffer): number | null {
  const headEnd = seen.indexOf('\r\n\r\n');
  let at = headEnd < 0 ? seen.length : headEnd + 4;
  while (at + 4 <= seen.length) {
    const long = seen.readUInt8(at + 1) === 126;
    const start = at + (long ? 4 : 2);
    if ((seen.readUInt8(at) & 15) === 8) return seen.readUInt16BE(start);
    at = start + (long ? seen.readUInt16BE(at + 2) : seen.readUInt8(at + 1));
  }
  return null;
}
