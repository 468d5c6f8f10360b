import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { createGateway, type Gateway, loadConfig } from '../../src/index.ts';
import { HANDSHAKE } from '../support/hostile-socket.ts';

/** More than the test may take, so that a drain that waits for a client that has gone fails it. */
const GRACE_MS = '60000';

function startGateway(): Promise<Gateway> {
  const upstream = { A2E_API_URL: 'http://127.0.0.1:1', A2E_API_TOKEN: 't' };
  return createGateway(loadConfig({ LOG_LEVEL: 'silent', SHUTDOWN_GRACE_MS: GRACE_MS, ...upstream }), {
    listen: false,
  });
}

/** Sends `bytes` to a server and resets once the server has seen `event`. */
async function vanish(server: Server, event: 'request' | 'upgrade', bytes: string): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {});
  const seen = once(server, event);
  client.write(bytes);
  await seen;
  client.resetAndDestroy();
}

/** Resolves when the socket has closed, as after a look-up of the application that its client does not wait for. */
function closed(socket: Duplex): Promise<unknown> {
  return new Promise((resolve) => socket.on('error', () => {}).once('close', resolve));
}

test('an upgrade that another server hands over after the client has gone takes no connection slot', async () => {
  await using gateway = await startGateway();
  await using server = createServer();
  const handed = new Promise<void>((resolve) => {
    server.on('upgrade', async (request, socket: Duplex, head) => {
      await closed(socket);
      gateway.upgrade(request, socket, head);
      resolve();
    });
  });
  await vanish(server, 'upgrade', HANDSHAKE);
  await handed;
  expect(gateway.counts().connections).toBe(0);
});

test.each(['', 'content-length: 9\r\ncontent-type: application/json\r\n'])(
  'a request with the head %j that another server hands over too late does not delay a drain',
  { timeout: 10_000 },
  async (head) => {
    await using gateway = await startGateway();
    await using server = createServer();
    const handed = new Promise<void>((resolve) => {
      server.on('request', async (request, response) => {
        await closed(request.socket);
        gateway.handler(request, response);
        resolve();
      });
    });
    await vanish(server, 'request', `POST /graphql HTTP/1.1\r\nhost: localhost\r\n${head}\r\n`);
    await handed;
    await gateway.drain();
  },
);
