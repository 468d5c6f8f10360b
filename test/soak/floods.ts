import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { clientFrame, hostileSocket } from '../support/hostile-socket.ts';
import type { Flood } from './plan.ts';

const PING_OPCODE = 9;

/** A TCP connection to a gateway whose errors are part of the flood. */
async function openTcp(gatewayUrl: string): Promise<Socket> {
  const { hostname, port } = new URL(gatewayUrl);
  const socket = connectTcp(Number(port), hostname);
  socket.on('error', () => {});
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
  return socket;
}

const FLOODS: Readonly<Record<Flood, (gatewayUrl: string, times: number) => Promise<void>>> = {
  /** Pings in one write, and no answer is read. */
  async pings(gatewayUrl, times) {
    const socket = await hostileSocket(gatewayUrl);
    for (let sent = 0; sent < times; sent += 1) socket.write(clientFrame(PING_OPCODE, 'flood'));
    socket.destroy();
  },
  async queries(gatewayUrl, times) {
    const body = JSON.stringify({ query: '{ __typename }' });
    const headers = { 'content-type': 'application/json' };
    const ask = async (): Promise<void> => {
      const response = await fetch(`${gatewayUrl}/graphql`, { method: 'POST', headers, body });
      await response.text();
    };
    await Promise.allSettled(Array.from({ length: times }, ask));
  },
  /** Bytes that are no HTTP. */
  async garbage(gatewayUrl, times) {
    for (let sent = 0; sent < times; sent += 1) {
      const socket = await openTcp(gatewayUrl);
      socket.end(`\0garbage ${sent}\r\n\r\n`);
      socket.resume();
    }
  },
  async connections(gatewayUrl, times) {
    const sockets = await Promise.all(Array.from({ length: times }, () => openTcp(gatewayUrl)));
    for (const socket of sockets) socket.resetAndDestroy();
  },
};

/** Floods one gateway; resolves when everything is sent. Never rejects, because the gateway may refuse or be gone. */
export async function flood(kind: Flood, gatewayUrl: string, times: number): Promise<void> {
  await FLOODS[kind](gatewayUrl, times).catch(() => undefined);
}
