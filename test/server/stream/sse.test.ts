import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Pair } from '../../support/gateway.ts';
import { startPair } from '../../support/gateway.ts';
import { openStream } from '../../support/sse-client.ts';
import { untilIdle } from '../../support/until-idle.ts';

const WATCH = 'subscription Watch($id: ID!) { taskStatus(id: $id) { status } }';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('done', { status: 'success' });
  pair.simulator.setTask('forever', { status: 'process', process: 7 });
});
afterAll(() => pair[Symbol.asyncDispose]());
afterEach(() => untilIdle(pair.gateway));

it.each(['GET', 'POST'])('streams a subscription by %s as EventSource reads it', async (method) => {
  await using stream = await openStream(pair.gateway.url, { method, query: WATCH, variables: { id: 'done' } });
  expect(stream.status).toBe(200);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  });
  await stream.ended;
  const [opening, events] = stream.text().split(/(?<=^(?::\n\n)+)(?!:)/);
  expect(opening).toMatch(/^(:\n\n)+$/); // a keep-alive may fall due at once
  expect(events).toBe('event: next\ndata: {"data":{"taskStatus":{"status":"SUCCESS"}}}\n\nevent: complete\ndata:\n\n');
});

it.each([
  ['POST', 'text/event-stream'],
  ['GET', 'text/event-stream'],
  ['POST', 'multipart/mixed;subscriptionSpec=1.0'],
])('closes the connection after the stream when the client asks for it: %s, %s', async (method, accept) => {
  const headers = { connection: 'close', accept };
  await using stream = await openStream(pair.gateway.url, {
    method,
    query: WATCH,
    variables: { id: 'done' },
    headers,
  });
  expect(stream.headers.connection).toBe('close');
  await stream.ended;
  expect(stream.complete()).toBe(true);
});

it('shows every change, then completes', async () => {
  const { gateway, simulator } = pair;
  simulator.setTask('moving', { status: 'init' });
  await using stream = await openStream(gateway.url, { query: WATCH, variables: { id: 'moving' } });
  for (const [index, status] of ['start', 'copy', 'fail'].entries()) {
    await stream.events.count(index + 1);
    simulator.setTask('moving', { status });
  }
  const seen = (await stream.ended).map(({ event, data }) => `${event} ${JSON.stringify(data)}`);
  const next = (status: string) => `next {"data":{"taskStatus":{"status":"${status}"}}}`;
  expect(seen).toEqual([...['INIT', 'START', 'COPY', 'FAIL'].map(next), 'complete null']);
});

it('answers a query with one event', async () => {
  await using stream = await openStream(pair.gateway.url, { query: '{ __typename }' });
  expect(await stream.ended).toEqual([
    { event: 'next', data: { data: { __typename: 'Query' } } },
    { event: 'complete', data: null },
  ]);
});

it('answers a query as JSON to a client that takes that too', async () => {
  const accept = 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed';
  await using stream = await openStream(pair.gateway.url, { query: '{ __typename }', headers: { accept } });
  await stream.ended;
  expect(stream.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8');
  expect(stream.text()).toBe('{"data":{"__typename":"Query"}}');
});

it.each([
  ['does not parse', 'subscription {', {}],
  ['does not validate', 'subscription { nothing }', {}],
  ['names a malformed id', WATCH, { id: '../x' }],
])('ends the stream of an operation that %s with its errors', async (_name, query, variables) => {
  await using stream = await openStream(pair.gateway.url, { query, variables });
  expect(await stream.ended).toMatchObject([
    { event: 'next', data: { errors: [{ message: expect.any(String) }] } },
    { event: 'complete' },
  ]);
});

it.each([
  ['415 a body that is no JSON', 415, { headers: { 'content-type': 'text/plain' } }],
  ['413 a body that is too long', 413, { body: `{"query":"${'x'.repeat(70_000)}"}` }],
  ['400 a body that is broken', 400, { body: '{' }],
  ['400 a body without a query', 400, { body: '{}' }],
  ['405 a method that is not served', 405, { method: 'PUT' }],
] as const)('refuses with %s', async (_name, status, request) => {
  await using stream = await openStream(pair.gateway.url, request);
  await stream.ended;
  expect(stream.status).toBe(status);
  expect(stream.headers['content-type']).toMatch(/^application\/json/);
  expect(JSON.parse(stream.text())).toEqual({ errors: [{ message: expect.any(String) }] });
  if (status === 405) expect(stream.headers.allow).toBe('GET, POST');
});

it('refuses with 401 and JSON where a token is needed', async () => {
  await using passthrough = await startPair({ A2E_API_TOKEN: '' });
  await using stream = await openStream(passthrough.gateway.url, { query: WATCH, variables: { id: 'done' } });
  await stream.ended;
  expect(stream.status).toBe(401);
  expect(stream.headers['www-authenticate']).toBe('Bearer');
  expect(JSON.parse(stream.text())).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
});

it('stops polling when the client goes away', async () => {
  await using stream = await openStream(pair.gateway.url, { query: WATCH, variables: { id: 'forever' } });
  await stream.events.count(1);
  expect(pair.gateway.counts()).toMatchObject({ watches: 1, connections: 1 });
  stream.abort();
  await untilIdle(pair.gateway);
});

const requestFor = (id: string) => {
  const search = new URLSearchParams({ query: WATCH, variables: JSON.stringify({ id }) });
  return `GET /graphql?${search} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`;
};

it('answers pipelined requests one after the other', async () => {
  const client = connectTcp(Number(new URL(pair.gateway.url).port), '127.0.0.1');
  let text = '';
  client.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('event: complete').length === 3) client.end();
  });
  client.write(requestFor('done') + requestFor('done'));
  await once(client, 'close');
  expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  expect(text.match(/"SUCCESS"/g)).toHaveLength(2);
});

it('frees what waits behind an endless stream when their connection closes', async () => {
  const client = connectTcp(Number(new URL(pair.gateway.url).port), '127.0.0.1');
  client.write(requestFor('forever') + requestFor('forever'));
  await once(client, 'data');
  client.destroy();
  await untilIdle(pair.gateway);
});
