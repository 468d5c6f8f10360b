import { connect, type Socket } from 'node:net';

/** A WebSocket frame as a client sends it, masked with zeros; at most 65,535 bytes. Source: RFC 6455, section 5.2. */
export function clientFrame(opcode: number, payload: Buffer | string): Buffer {
  const body = Buffer.from(payload);
  const { length } = body;
  const head = length < 126 ? [0x80 | opcode, 0x80 | length] : [0x80 | opcode, 0xfe, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([...head, 0, 0, 0, 0]), body]);
}

/** Asks for a WebSocket of `graphql-transport-ws`. */
export const HANDSHAKE =
  'GET /graphql HTTP/1.1\r\nhost: gateway\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n';

/** A TCP socket that has asked for a WebSocket and begun the conversation, in one write; resolves once both are answered. */
export async function hostileSocket(gatewayUrl: string): Promise<Socket> {
  const socket = connect(Number(new URL(gatewayUrl).port), '127.0.0.1');
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
