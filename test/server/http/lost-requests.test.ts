import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createGateway } from '../../../src/gateway.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { ask } from '../../support/http-client.ts';
import { KeySet } from '../../support/key-set.ts';

/** The share of an address in the budget of bodies. */
const SHARE_BYTES = 32 * 1024 * 1024;
const LONG = 1024 * 1024;
/** Less than node buffers of a body that is not read, so that node sees the reset behind it. */
const SHORT = 48 * 1024;
const QUERY = JSON.stringify({ query: '{ __typename }' });

interface HeldGateway extends AsyncDisposable {
  readonly url: string;
  readonly log: readonly string[];
  readonly headers: Record<string, string>;
  /** Sends `bytes` as one client, resets the connection, and resolves when the gateway has seen both. */
  readonly reset: (bytes: string) => Promise<void>;
  /** Lets the authentication of all requests go on. */
  readonly release: () => void;
}

/** A gateway of which every authentication waits for the key set. */
async function startHeld(maxBodyBytes: number): Promise<HeldGateway> {
  await using stack = new AsyncDisposableStack();
  const { promise, resolve } = Promise.withResolvers<void>();
  const keys = stack.use(await KeySet.start());
  await keys.add('key');
  keys.gate = promise;
  const env = { AUTH_MODE: 'jwt', AUTH_JWKS_URL: keys.url, MAX_BODY_BYTES: `${maxBodyBytes}` };
  const upstream = { A2E_API_URL: 'http://127.0.0.1:1', A2E_API_TOKEN: 't' };
  const log: string[] = [];
  const gateway = stack.use(
    await createGateway(loadConfig({ ...upstream, ...env }), {
      listen: false,
      log: createLogger('info', { write: (line) => log.push(line) }),
    }),
  );
  const server = stack.adopt(createServer(gateway.handler), (open) => open.closeAllConnections());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const authorization = `Bearer ${await keys.sign('key', { tasks: '*' })}`;
  const owned = stack.move();
  return {
    url: `http://127.0.0.1:${port}`,
    log,
    headers: { authorization, 'content-type': 'application/json' },
    async reset(bytes) {
      const connected = once(server, 'connection') as Promise<[Socket]>;
      const requested = once(server, 'request');
      const client = connect(port, '127.0.0.1').on('error', () => {});
      client.write(bytes);
      const [[socket]] = await Promise.all([connected, requested]);
      const closed = new Promise((seen) => socket.once('close', seen));
      client.resetAndDestroy();
      await closed;
    },
    release: resolve,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

test.each([
  ['no byte of its body', LONG, `content-length: ${LONG}`, 'application/json', ''],
  ['a part of its body', LONG, `content-length: ${LONG}`, 'application/json', QUERY],
  ['its whole body', SHORT, `content-length: ${SHORT}`, 'application/json', QUERY.padEnd(SHORT)],
  ['a part of a chunked body', LONG, 'transfer-encoding: chunked', 'application/json', '4\r\n    \r\n'],
  ['a whole chunked body', LONG, 'transfer-encoding: chunked', 'application/json', '4\r\n    \r\n0\r\n\r\n'],
  ['no byte of its body, for a stream,', LONG, `content-length: ${LONG}`, 'text/event-stream', ''],
])('a client that has sent %s and resets during authentication leaves no admission', async (...row) => {
  const [, maxBodyBytes, length, accept, body] = row;
  await using gateway = await startHeld(maxBodyBytes);
  const { url, headers, log } = gateway;
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: ${accept}\r\n`;
  const bytes = `${head}authorization: ${headers['authorization']}\r\n${length}\r\n\r\n${body}`;
  const clients = Math.floor(SHARE_BYTES / maxBodyBytes);
  for (let client = 0; client < clients; client += 1) await gateway.reset(bytes);
  const longest = { method: 'POST', headers, body: QUERY.padEnd(maxBodyBytes) };
  // The places are taken while the authentication is under way.
  expect((await ask(`${url}/graphql`, longest)).status).toBe(503);
  gateway.release();
  await expect.poll(async () => (await ask(`${url}/graphql`, longest)).status).toBe(200);
  // No place is lost: as many clients as fill the share are served together.
  const answers = await Promise.all(Array.from({ length: clients }, () => ask(`${url}/graphql`, longest)));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(log.filter((line) => line.includes('"level":50'))).toEqual([]);
});
