import { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect as connectTcp, Socket } from 'node:net';
import { GraphQLError } from 'graphql';
import { describe, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { ClientCounts } from '../../../src/live/client-counts.ts';
import { ConnectionCounts } from '../../../src/live/connection-counts.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { AccessLog } from '../../../src/server/access-log/access-log.ts';
import { DocumentStore } from '../../../src/server/graphql/document-store.ts';
import { TaskRegistry } from '../../../src/task/task-registry.ts';
import { ask, post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { connect, openSocket, tcpOf } from '../../support/ws-client.ts';
import { report, ScriptedSource } from '../../task/scripted-source.ts';
import { type LoggedGateway, startLogged } from './logged-gateway.ts';

const ID = /^[\da-f]{12}-[\da-z]+$/;
const WATCH = 'subscription { taskStatus(id: "a") { status } }';
const LOOK = '{ videoTask(id: "a") { status } }';
const MULTIPART = 'multipart/mixed;subscriptionSpec=1.0, application/json';
const COMMON = {
  level: 20,
  connectionId: expect.stringMatching(ID),
  address: '127.0.0.1',
  durationMs: expect.any(Number),
};

/** Each answer finishes the task, or leaves it unfinished. */
function finishing(): ScriptedSource {
  return new ScriptedSource((id) => report(id, 'SUCCESS'));
}

describe('one line at debug', () => {
  test('for a WebSocket: its operations, updates, bytes and close code', async () => {
    await using gateway = await startLogged('debug');
    await using client = await connect(gateway.url);
    client.subscribe('1', WATCH);
    client.subscribe('2', LOOK);
    client.subscribe('3', '{ unknown }');
    await client.messages.find(({ id, type }) => id === '1' && type === 'next');
    await client.ended('2');
    await client.ended('3');
    client.socket.close(1000);
    const line = await gateway.line('connection closed');
    expect(line).toMatchObject({ ...COMMON, transport: 'websocket', code: 1000, reason: 'normal closure' });
    expect(line).toMatchObject({ operations: 3, delivered: 1, conflated: 0 });
    expect(line['bytesIn']).toBeGreaterThan(WATCH.length);
    expect(line['bytesOut']).toBeGreaterThan(0);
    expect(gateway.lines.all.filter(({ msg }) => msg === 'connection closed')).toHaveLength(1);
  });

  test.each([
    ['sse', 'text/event-stream'],
    ['multipart', MULTIPART],
  ])('for a stream over %s that is complete, and for one that its client cuts', async (transport, accept) => {
    const source = finishing();
    await using gateway = await startLogged('debug', {}, { source });
    const headers = { accept };
    await using complete = await openStream(gateway.url, { query: WATCH, headers });
    await complete.ended;
    const line = await gateway.line('stream finished', { reason: 'complete' });
    const facts = { method: 'POST', route: '/graphql', status: 200, operations: 1 };
    expect(line).toMatchObject({ ...COMMON, requestId: expect.stringMatching(ID), transport, ...facts });
    expect(line).toMatchObject({ delivered: 1, conflated: 0 });
    source.answer = (id) => report(id);
    await using cut = await openStream(gateway.url, { query: WATCH.replace('"a"', '"b"'), headers });
    cut.abort();
    await gateway.line('stream finished', { transport, reason: 'connection lost' });
  });

  test('for an HTTP request, with the ids of its connection and with its status', async () => {
    await using gateway = await startLogged('debug');
    await post(gateway.url, LOOK);
    const line = await gateway.line('request finished');
    expect(line).toMatchObject({ ...COMMON, requestId: expect.stringMatching(ID), transport: 'http', operations: 1 });
    expect(line).toMatchObject({ method: 'POST', route: '/graphql', status: 200, reason: 'complete' });
    expect(line).not.toHaveProperty('delivered');
    await ask(`${gateway.url}/readyz`);
    await gateway.line('request finished', { method: 'GET', route: '/readyz', status: 200, operations: 0 });
  });

  test('for each way in which the gateway ends a connection', async () => {
    await using gateway = await startLogged('debug', {}, { timeouts: { pingMs: 60, floodBackoffMs: 1 } });
    await using silent = await connect(gateway.url, undefined, { autoPong: false });
    await silent.closed;
    await gateway.line('connection closed', { code: 1006, reason: 'no pong' });
    await using flooding = await connect(gateway.url);
    flooding.sendTogether(...Array.from({ length: 500 }, () => ({ type: 'ping' })));
    await flooding.closed;
    await gateway.line('connection closed', { code: 4429, reason: 'flood' });
    await using wrong = await openSocket(gateway.url);
    wrong.send('no JSON');
    await gateway.line('connection closed', { code: 4400, reason: 'bad request' });
    await using _watching = await openStream(gateway.url, { query: WATCH });
    await using _open = await connect(gateway.url);
    await gateway.gateway.drain();
    await gateway.line('stream finished', { reason: 'shutdown' });
    await gateway.line('connection closed', { code: 1012, reason: 'shutdown' });
  });
});

test('a refused upgrade has a line, and a refused origin the same ids at warn', async () => {
  await using gateway = await startLogged('debug');
  await expect(openSocket(gateway.url, { origin: 'https://other.example' })).rejects.toThrow('403');
  const refused = await gateway.line('upgrade refused', { status: 403, route: '/graphql' });
  const { requestId, connectionId } = refused;
  expect(requestId).toMatch(ID);
  expect(await gateway.line(expectedWarning(gateway.lines.all), { requestId, connectionId })).toMatchObject({
    level: 40,
    origin: 'https://other.example',
  });
});

function expectedWarning(lines: readonly { readonly msg: string }[]): string {
  return lines.find(({ msg }) => msg.startsWith('refused'))?.msg ?? '';
}

const QUERY_OVER = [
  ['http', async (url: string) => (await post(url, LOOK)).body],
  [
    'sse',
    async (url: string) =>
      (await (await openStream(url, { query: LOOK })).ended).map(({ data }) => JSON.stringify(data)).join(''),
  ],
  [
    'websocket',
    async (url: string) => {
      await using client = await connect(url);
      client.subscribe('1', LOOK);
      return JSON.stringify(await client.ended('1'));
    },
  ],
] as const;

/** Fails unless the line of the unexpected error has the ids of the line about the end of its request or connection. */
async function expectIds(gateway: LoggedGateway, transport: string): Promise<void> {
  const { connectionId, requestId } = await gateway.line('unexpected error');
  expect(connectionId).toMatch(ID);
  const end =
    transport === 'websocket' ? 'connection closed' : `${transport === 'sse' ? 'stream' : 'request'} finished`;
  expect((await gateway.line(end, { connectionId }))['requestId']).toBe(requestId);
}

test.each(QUERY_OVER)(
  'an unexpected error in a query over %s names its request or connection',
  async (transport, look) => {
    await using gateway = await startLogged('debug');
    const watch = vi.spyOn(TaskRegistry.prototype, 'watch').mockImplementation(() => {
      throw new TypeError('a bug');
    });
    expect(await look(gateway.url)).toContain('INTERNAL_SERVER_ERROR');
    watch.mockRestore();
    await expectIds(gateway, transport);
  },
);

test('an unexpected error before a query runs names its request', async () => {
  await using gateway = await startLogged('debug');
  const find = vi.spyOn(DocumentStore.prototype, 'find').mockImplementation(() => {
    throw new TypeError('a bug');
  });
  expect((await post(gateway.url, LOOK)).body).toContain('INTERNAL_SERVER_ERROR');
  find.mockRestore();
  await expectIds(gateway, 'http');
});

test.each(QUERY_OVER)(
  'an error that rejects an operation over %s is masked, and its line names the request or connection',
  async (transport, look) => {
    await using gateway = await startLogged('debug');
    const errors = [new GraphQLError('a bug', { cause: new TypeError('a bug') })];
    const find = vi.spyOn(DocumentStore.prototype, 'find').mockReturnValue({ kind: 'invalid', errors });
    const answer = await look(gateway.url);
    find.mockRestore();
    expect(answer).toContain('INTERNAL_SERVER_ERROR');
    expect(answer).not.toContain('a bug');
    // Its stream has not begun.
    await expectIds(gateway, transport === 'sse' ? 'http' : transport);
  },
);

test('plain HTTP answers 500 to an unexpected error that rejects an operation', async () => {
  await using gateway = await startLogged('debug');
  const errors = [new GraphQLError('a bug', { cause: new TypeError('a bug') })];
  const find = vi.spyOn(DocumentStore.prototype, 'find').mockReturnValue({ kind: 'invalid', errors });
  expect((await post(gateway.url, LOOK)).status).toBe(500);
  find.mockRestore();
});

test('no text of a client is in a line', async () => {
  const secret = 'a-secret-of-the-client';
  await using gateway = await startLogged('trace');
  const headers = { authorization: `Bearer ${secret}`, 'x-request-id': secret, cookie: secret, 'user-agent': secret };
  await post(gateway.url, `query ${secret.replaceAll('-', '_')} { videoTask(id: "${secret}") { id } }`, { headers });
  await post(gateway.url, 'query ($ids: [ID!]!) { videoTasks(ids: $ids) { id } }', { variables: { ids: [secret] } });
  await ask(`${gateway.url}/${secret}?token=${secret}`, { headers });
  await ask(`${gateway.url}/graphql?query=${secret}`, { headers });
  await using stream = await openStream(gateway.url, { query: WATCH.replace('"a"', `"${secret}"`), headers });
  await stream.events.find(({ event }) => event === 'next');
  stream.abort();
  await using client = await connect(gateway.url, { Authorization: `Bearer ${secret}` }, { headers });
  client.subscribe(secret, WATCH);
  client.subscribe(secret, WATCH);
  expect((await client.closed).reason).toContain(secret);
  await using wrong = await openSocket(gateway.url);
  wrong.send({ type: 'connection_init', payload: secret });
  await wrong.closed;
  await using leaving = await connect(gateway.url);
  leaving.socket.close(4000, secret);
  await gateway.line('connection closed', { reason: 'another code' });
  await gateway.line('stream finished');
  await expect.poll(() => gateway.lines.all.filter(({ msg }) => /closed|finished/.test(msg)).length).toBe(8);
  expect(gateway.lines.all.filter((line) => JSON.stringify(line).includes(secret))).toEqual([]);
});

test('above debug there is no line for what finishes well, or is cut', async () => {
  await using gateway = await startLogged('info');
  await post(gateway.url, LOOK);
  await using client = await connect(gateway.url);
  client.subscribe('1', WATCH);
  await client.messages.find(({ type }) => type === 'next');
  tcpOf(client.socket).destroy();
  await client.closed;
  await using stream = await openStream(gateway.url, { query: WATCH });
  stream.abort();
  const raw = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
  raw.end('GET / HTTP/1.1\r\n\r\n').resume();
  await expect.poll(() => gateway.gateway.counts().connections).toBe(0);
  expect(gateway.lines.all).toEqual([]);
});

test('above debug a connection has no counts of its own and no listener', () => {
  const log = createLogger('info', { write: () => {} });
  const access = new AccessLog(log, () => '127.0.0.1');
  const [socket, counts] = [new EventEmitter(), new ClientCounts()];
  expect(access.webSocket(socket as WebSocket, new Socket(), '127.0.0.1', counts)).toBe(counts);
  access.request(socket as unknown as IncomingMessage, socket as unknown as ServerResponse);
  expect(access.stream(socket as unknown as ServerResponse, 'sse', counts)).toBe(counts);
  expect(socket.eventNames()).toEqual([]);
});

test('the counts of a connection are counts of its transport too', () => {
  const transport = new ClientCounts();
  const [one, other] = [new ConnectionCounts(transport), new ConnectionCounts(transport)];
  for (const counts of [one, other]) counts.addSubscription();
  one.addDelivered();
  one.addConflated();
  other.addDelivered();
  other.endSubscription('failed');
  expect(one).toMatchObject({ delivered: 1, conflated: 1, subscriptions: 1 });
  expect(transport).toMatchObject({ delivered: 2, conflated: 1, subscriptions: 1, failed: 1 });
});
