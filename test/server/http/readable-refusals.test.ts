import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { expect, it } from 'vitest';
import { startPair } from '../../support/gateway.ts';
import { ask, type HttpRequest, post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { openSocket } from '../../support/ws-client.ts';

const ORIGIN = 'https://app.example';
const LISTED = { CORS_ORIGINS: ORIGIN };
const LOOK = '{ videoTask(id: "job") { status } }';
const WATCH = 'subscription { taskStatus(id: "job") { status } }';
const READABLE = { 'access-control-allow-origin': ORIGIN, 'access-control-expose-headers': 'etag, retry-after' };

const JSON_POST = { method: 'POST', headers: { 'content-type': 'application/json' } };

it.each<[number, string, HttpRequest]>([
  [400, 'a body that is broken', { ...JSON_POST, body: '{' }],
  [401, 'a request without credentials', { ...JSON_POST, body: JSON.stringify({ query: LOOK }) }],
  [401, 'a stream without credentials', { headers: { accept: 'text/event-stream' } }],
  [405, 'a method that is not served', { method: 'DELETE' }],
  [415, 'a body that is no JSON', { method: 'POST', body: '{}' }],
  [421, 'a host that is not served', { ...JSON_POST, headers: { ...JSON_POST.headers, host: 'other.example' } }],
])('a page of a listed origin can read the %i of %s', async (status, _what, { headers, ...asked }) => {
  await using pair = await startPair({
    ...LISTED,
    ...(status === 401 ? { A2E_API_TOKEN: '' } : {}),
    ALLOWED_HOSTS: '127.0.0.1',
  });
  const answer = await ask(`${pair.gateway.url}/graphql`, { ...asked, headers: { ...headers, origin: ORIGIN } });
  expect(answer.status).toBe(status);
  expect(answer.headers).toMatchObject(READABLE);
  const stranger = await ask(`${pair.gateway.url}/graphql`, {
    ...asked,
    headers: { ...headers, origin: 'https://evil.example' },
  });
  expect(stranger.headers).not.toHaveProperty('access-control-allow-origin');
});

const headers = { origin: ORIGIN };

it('a page of a listed origin can read the 429 of a request too many', async () => {
  await using pair = await startPair({ ...LISTED, MAX_OPERATIONS_PER_SECOND: '1' });
  const answers = await Promise.all(Array.from({ length: 10 }, () => post(pair.gateway.url, LOOK, { headers })));
  expect(answers.find(({ status }) => status === 429)?.headers).toMatchObject({ ...READABLE, 'retry-after': '1' });
});

it('a page of a listed origin can read the 503 of a stream too many', async () => {
  await using pair = await startPair({ ...LISTED, MAX_CONNECTIONS: '1' });
  const { socket } = await openSocket(pair.gateway.url);
  await using stream = await openStream(pair.gateway.url, { query: WATCH, headers });
  expect(stream.status).toBe(503);
  expect(stream.headers).toMatchObject({ ...READABLE, 'retry-after': '5' });
  socket.terminate();
});

it('a page of a listed origin can read the 503 of a connection too many', async () => {
  await using pair = await startPair({ ...LISTED, MAX_CONNECTIONS_PER_ADDRESS: '1' });
  const idle = connectTcp(Number(new URL(pair.gateway.url).port), '127.0.0.1');
  await once(idle, 'connect');
  const refused = await post(pair.gateway.url, LOOK, { headers });
  expect(refused.status).toBe(503);
  expect(refused.headers).toMatchObject({ ...READABLE, 'retry-after': '5' });
  idle.destroy();
});

it('a page of a listed origin can read the 503 of a gateway that drains', async () => {
  await using pair = await startPair({ ...LISTED, SHUTDOWN_GRACE_MS: '5000' });
  const { socket } = await openSocket(pair.gateway.url);
  const done = pair.gateway.drain();
  const refused = await post(pair.gateway.url, LOOK, { headers });
  expect(refused.status).toBe(503);
  expect(refused.headers).toMatchObject({ ...READABLE, 'retry-after': '1' });
  socket.terminate();
  await done;
});
