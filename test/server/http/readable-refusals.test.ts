import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startPair } from '../../support/gateway.ts';
import { ask, type HttpAnswer, type HttpRequest, post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { openSocket } from '../../support/ws-client.ts';

const ORIGIN = 'https://app.example';
const LISTED = { CORS_ORIGINS: ORIGIN };
/** As urql sends it with queries. */
const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';
const LOOK = '{ videoTask(id: "job") { status } }';
const WATCH = 'subscription { taskStatus(id: "job") { status } }';
const READABLE = { 'access-control-allow-origin': ORIGIN, 'access-control-expose-headers': 'etag, retry-after' };

/** Whether a browser lets a page of the origin send the request: Fetch, "CORS-preflight fetch". */
async function passesPreflight(gatewayUrl: string, asked: HttpRequest): Promise<boolean> {
  const { method = 'GET', headers = {} } = asked;
  const { host, ...names } = headers;
  const answer = await ask(`${gatewayUrl}/graphql`, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      ...(host === undefined ? {} : { host }),
      'access-control-request-method': method,
      'access-control-request-headers': ['traceparent', ...Object.keys(names)].join(','),
    },
  });
  const listOf = (name: string): string[] => `${answer.headers[name]}`.toLowerCase().split(/, ?/);
  return (
    answer.status >= 200 &&
    answer.status <= 299 &&
    answer.headers['access-control-allow-origin'] === ORIGIN &&
    listOf('access-control-allow-methods').includes(method.toLowerCase()) &&
    Object.keys(names).every((name) => listOf('access-control-allow-headers').includes(name))
  );
}

/** A GraphQL request of a page of the origin; rejects when its preflight is refused. */
async function postAsPage(gatewayUrl: string, accept = 'application/json'): Promise<HttpAnswer> {
  const json = { 'content-type': 'application/json', accept };
  expect(await passesPreflight(gatewayUrl, { method: 'POST', headers: json })).toBe(true);
  return post(gatewayUrl, LOOK, { headers: { origin: ORIGIN, accept } });
}

const JSON_POST = { method: 'POST', headers: { 'content-type': 'application/json' } };

it.each<[number, string, HttpRequest]>([
  [400, 'a body that is broken', { ...JSON_POST, body: '{' }],
  [401, 'a request without credentials', { ...JSON_POST, body: JSON.stringify({ query: LOOK }) }],
  [401, 'a stream without credentials', { headers: { accept: 'text/event-stream' } }],
  [405, 'a method that is not served', { method: 'DELETE' }],
  [405, 'a method that changes a part', { method: 'PATCH' }],
  [415, 'a body that is no JSON', { method: 'POST', body: '{}' }],
  [421, 'a host that is not served', { ...JSON_POST, headers: { ...JSON_POST.headers, host: 'other.example' } }],
])('a page of a listed origin can read the %i of %s', async (status, _what, { headers, ...asked }) => {
  await using pair = await startPair({
    ...LISTED,
    ...(status === 401 ? { A2E_API_TOKEN: '' } : {}),
    ALLOWED_HOSTS: '127.0.0.1',
  });
  expect(await passesPreflight(pair.gateway.url, { ...asked, headers: headers ?? {} })).toBe(true);
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
  const refused = await postAsPage(pair.gateway.url);
  expect(refused.status).toBe(503);
  expect(refused.headers).toMatchObject({ ...READABLE, 'retry-after': '5' });
  idle.destroy();
});

it('a page of a listed origin can read the 503 of a gateway that drains, also of a query that lists a stream', async () => {
  await using pair = await startPair({ ...LISTED, SHUTDOWN_GRACE_MS: '5000' });
  const { socket } = await openSocket(pair.gateway.url);
  const done = pair.gateway.drain();
  for (const accept of ['application/json', URQL]) {
    const refused = await postAsPage(pair.gateway.url, accept);
    expect(refused.status).toBe(503);
    expect(refused.headers).toMatchObject({ ...READABLE, 'retry-after': '1' });
  }
  socket.terminate();
  await done;
});

it('a page of a listed origin can read the 503 of a request behind a flood on its connection', async () => {
  await using pair = await startPair(LISTED, { latencyMs: 200 });
  pair.simulator.setTask('job', { status: 'init' });
  const flood = connectTcp(Number(new URL(pair.gateway.url).port), '127.0.0.1');
  const head = `HTTP/1.1\r\nhost: localhost\r\norigin: ${ORIGIN}\r\naccept: application/json\r\n`;
  const preflight = `OPTIONS /graphql ${head}access-control-request-method: POST\r\nconnection: close\r\n\r\n`;
  flood.write(`GET /graphql?query=${encodeURIComponent(LOOK)} ${head}\r\n`.repeat(40) + preflight);
  const answers = (await text(flood)).split(/(?=HTTP\/1\.1 )/);
  const refused = answers.filter((answer) => answer.startsWith('HTTP/1.1 503'));
  expect(refused.length).toBeGreaterThan(1);
  for (const answer of refused) expect(answer).toContain(`access-control-allow-origin: ${ORIGIN}\r\n`);
  expect(answers.at(-1)).toMatch(/^HTTP\/1\.1 204 /);
});
