import { generateKeyPairSync } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createLogger } from '../../../src/observability/log.ts';
import { CallbackQueue } from '../../support/callback-queue.ts';
import { startForwardProxy } from '../../support/forward-proxy.ts';
import { startGateway, startPair } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';
import { KeySet } from '../../support/key-set.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect, openSocket } from '../../support/ws-client.ts';
import { serve } from '../../upstream/upstream-server.ts';

const NOWHERE = { A2E_API_URL: 'http://127.0.0.1:1', A2E_API_TOKEN: 'token', AUTH_MODE: 'jwt' };

test('a gateway behind a proxy fetches the key set through it', async () => {
  await using keys = await KeySet.start();
  await keys.add('key');
  await using proxy = await startForwardProxy();
  await using gateway = await startGateway({ ...NOWHERE, AUTH_JWKS_URL: keys.url, HTTP_PROXY: proxy.origin });
  const authorization = `Bearer ${await keys.sign('key', { tasks: '*' })}`;
  const answer = await ask(`${gateway.url}/graphql?query={__typename}`, { headers: { authorization } });
  expect(answer.status).toBe(200);
  expect([keys.fetches, proxy.asked]).toEqual([1, [expect.stringContaining(new URL(keys.url).host)]]);
});

test('a key that can check no signature is a line of the log, and the keys beside it are used', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  const jwks = JSON.stringify({
    keys: [
      { ...short, kid: 'short' },
      { ...(await exportJWK(publicKey)), kid: 'good' },
    ],
  });
  await using provider = await serve((_request, response) => response.end(jwks));
  const lines = new CallbackQueue<string>();
  const log = createLogger('warn', { write: lines.put });
  await using gateway = await startGateway({ ...NOWHERE, AUTH_JWKS_URL: provider.origin }, { log });
  const line = await lines.find((one) => one.includes('key of the key set ignored'));
  expect(JSON.parse(line)).toMatchObject({ kid: 'short', reason: expect.stringContaining('2048') });
  expect(line).not.toContain(short.n);
  const ticket = await new SignJWT({ tasks: '*' }).setProtectedHeader({ alg: 'ES256', kid: 'good' }).sign(privateKey);
  const headers = { authorization: `Bearer ${ticket}` };
  expect((await ask(`${gateway.url}/graphql?query={__typename}`, { headers })).status).toBe(200);
});

test('a client that leaves while its ticket is checked leaves nothing behind', async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  await using keys = await KeySet.start();
  await keys.add('key');
  keys.gate = gate;
  await using pair = await startPair({ AUTH_MODE: 'jwt', AUTH_JWKS_URL: keys.url });
  const ticket = { authorization: `Bearer ${await keys.sign('key', { tasks: '*' })}` };
  const client = await openSocket(pair.gateway.url);
  client.send({ type: 'connection_init', payload: ticket });
  client.send({ type: 'ping' });
  // The pong says that the gateway has read the ticket.
  await client.messages.find(({ type }) => type === 'pong');
  await client[Symbol.asyncDispose]();
  await untilIdle(pair.gateway);
  open();
  await using later = await connect(pair.gateway.url, ticket);
  expect(client.messages.all.map(({ type }) => type)).toEqual(['pong']);
  expect(pair.gateway.counts().connections).toBe(1);
  expect(later.socket.readyState).toBe(later.socket.OPEN);
});
