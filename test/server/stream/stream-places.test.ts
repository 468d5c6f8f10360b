import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { SignJWT } from 'jose';
import { expect, it } from 'vitest';
import { startPair } from '../../support/gateway.ts';
import { HANDSHAKE, until } from '../../support/hostile-socket.ts';
import { ask } from '../../support/http-client.ts';
import { KeySet } from '../../support/key-set.ts';
import { openStream } from '../../support/sse-client.ts';
import { untilIdle } from '../../support/until-idle.ts';

const WATCH = 'subscription { taskStatus(id: "job") { status } }';

/** A request for a stream, by GET. */
function streamRequest(headers: Record<string, string> = {}): string {
  const lines = Object.entries({ host: 'localhost', accept: 'text/event-stream', ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `GET /graphql?query=${encodeURIComponent(WATCH)} HTTP/1.1\r\n${head}\r\n`;
}

function tcp(url: string): Socket {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  return socket.on('error', () => {});
}

/** In front of a key set: holds its answers until the test releases them. */
async function startReluctantKeys(keys: KeySet) {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const server = createServer(async (_request, response) => {
    asked.resolve();
    await released.promise;
    response.end((await ask(keys.url)).body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    asked: asked.promise,
    release: released.resolve,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

it('a client that disconnects while its token is checked takes no slot', async () => {
  await using keys = await KeySet.start();
  await keys.add('k');
  await using reluctant = await startReluctantKeys(keys);
  const env = { AUTH_MODE: 'jwt', AUTH_JWKS_URL: reluctant.url, MAX_CONNECTIONS_PER_ADDRESS: '1' };
  await using pair = await startPair(env);
  const { simulator, gateway } = pair;
  simulator.setTask('job', { status: 'init' });
  const headers = { authorization: `Bearer ${await keys.sign('k', { tasks: '*' })}` };
  const sockets = Array.from({ length: 20 }, () => tcp(gateway.url));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  for (const socket of sockets) socket.write(streamRequest(headers));
  await reluctant.asked;
  for (const socket of sockets) socket.resetAndDestroy();
  // Answered after the resets were noticed.
  for (let round = 0; round < 3; round += 1) await ask(`${gateway.url}/healthz`);
  reluctant.release();
  await using stream = await openStream(gateway.url, { query: WATCH, headers });
  expect(stream.status).toBe(200);
  stream.abort();
  await untilIdle(gateway);
});

it('a client that disconnects at once holds no slot afterwards', async () => {
  const secret = 'a secret that is long enough for HS256';
  await using pair = await startPair({
    AUTH_MODE: 'jwt',
    AUTH_JWT_SECRET: secret,
    MAX_CONNECTIONS_PER_ADDRESS: '1000',
  });
  pair.simulator.setTask('job', { status: 'init' });
  const signer = new SignJWT({ tasks: '*' }).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('5m');
  const headers = { authorization: `Bearer ${await signer.sign(new TextEncoder().encode(secret))}` };
  const closed = Array.from({ length: 300 }, async () => {
    const socket = tcp(pair.gateway.url);
    socket.write(streamRequest(headers), () => socket.resetAndDestroy());
    await once(socket, 'close');
  });
  await Promise.all(closed);
  await using stream = await openStream(pair.gateway.url, { query: WATCH, headers });
  await stream.events.count(1);
  stream.abort();
  await untilIdle(pair.gateway);
});

it.each([
  ['an upgrade', HANDSHAKE],
  ['an upgrade that is refused', HANDSHAKE.replace('/graphql', '/nowhere')],
  ['a CONNECT', 'CONNECT nowhere:1 HTTP/1.1\r\nhost: nowhere\r\n\r\n'],
])('streams that wait behind another leave with their connection, also after %s', async (_what, last) => {
  await using pair = await startPair();
  pair.simulator.setTask('job', { status: 'init' });
  const socket = tcp(pair.gateway.url);
  socket.write(streamRequest().repeat(20));
  await until(socket, '"INIT"');
  await expect.poll(() => pair.gateway.counts().connections).toBe(20);
  socket.write(last);
  if (last === HANDSHAKE) await expect.poll(() => pair.gateway.counts().connections).toBe(21);
  else await once(socket, 'close');
  socket.destroy();
  await untilIdle(pair.gateway);
});
