import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { DEFAULT_TIMEOUTS } from '../../../src/server/limits/timeouts.ts';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { TEXT_LIMITS } from '../../../src/task/video-task.ts';
import { startGateway, startPair, TOKEN } from '../../support/gateway.ts';
import { clientFrame, closeCode, drip, HANDSHAKE, hostileSocket } from '../../support/hostile-socket.ts';
import { ask, post } from '../../support/http-client.ts';
import { startImpatient } from '../../support/short-timeouts-gateway.ts';
import { openStream } from '../../support/sse-client.ts';
import { StallDetector } from '../../support/stall-detector.ts';
import { codesOf, TRANSPORTS } from '../../support/transports.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect, openSocket, tcpOf } from '../../support/ws-client.ts';

const WATCH = 'subscription { taskStatus(id: "forever") { status } }';

/** All that comes back for these bytes, until the connection ends. */
async function send(gatewayUrl: string, bytes: string): Promise<string> {
  const socket = connectTcp(Number(new URL(gatewayUrl).port), '127.0.0.1');
  socket.write(bytes);
  return text(socket);
}

describe('connections', () => {
  test('past MAX_CONNECTIONS an upgrade and a stream get 503 with Retry-After, and queries are served', async () => {
    await using pair = await startPair({ MAX_CONNECTIONS: '2' });
    pair.simulator.setTask('forever', { status: 'init' });
    const { url } = pair.gateway;
    await using socket = await connect(url);
    await using stream = await openStream(url, { query: WATCH });
    expect(stream.status).toBe(200);
    await using refused = await openStream(url, { query: WATCH });
    expect(refused).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    const upgrade = 'GET /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n';
    expect(await send(url, upgrade)).toMatch(/^HTTP\/1\.1 503 .*\r\nRetry-After: 5\r\n/);
    expect((await post(url, '{ __typename }')).status).toBe(200);
    socket.socket.terminate();
    await expect.poll(() => pair.gateway.counts().connections).toBe(1);
    await using again = await connect(url);
    expect(again.messages.all).toHaveLength(1);
  });

  test('past MAX_CONNECTIONS_PER_ADDRESS one address gets no more connections, and other addresses do', async () => {
    await using pair = await startPair({ MAX_CONNECTIONS_PER_ADDRESS: '1', TRUST_PROXY: 'true' });
    const { url } = pair.gateway;
    const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });
    await using one = await openSocket(url, from('2001:db8::1'));
    await expect(openSocket(url, from('6.6.6.6, 2001:db8::2'))).rejects.toThrow('503');
    await using other = await openSocket(url, from('2001:db8:0:1::1'));
    one.socket.terminate();
    other.socket.terminate();
    await expect.poll(() => pair.gateway.counts().connections).toBe(0);
    await using again = await openSocket(url, from('2001:db8::2'));
    expect(again.socket.readyState).toBe(again.socket.OPEN);
  });

  test('an idle connection counts, and so does one for a query', async () => {
    await using gateway = await startGateway({ MAX_CONNECTIONS_PER_ADDRESS: '1' });
    const idle = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
    await once(idle, 'connect');
    const refused = await post(gateway.url, '{ __typename }');
    expect([refused.status, refused.headers['retry-after'], refused.headers.connection]).toEqual([503, '5', 'close']);
    idle.destroy();
    await expect.poll(async () => (await ask(`${gateway.url}/healthz`)).status).toBe(200);
  });

  test('without TRUST_PROXY X-Forwarded-For is ignored', async () => {
    await using pair = await startPair({ MAX_CONNECTIONS_PER_ADDRESS: '1' });
    await using one = await openSocket(pair.gateway.url, { headers: { 'x-forwarded-for': '1.1.1.1' } });
    const other = openSocket(pair.gateway.url, { headers: { 'x-forwarded-for': '2.2.2.2' } });
    await expect(other).rejects.toThrow('503');
    expect(one.socket.readyState).toBe(one.socket.OPEN);
  });
});

describe.concurrent('slow and silent clients', () => {
  test('headers that do not come to an end are answered 408', async () => {
    await using gateway = await startImpatient();
    expect(await send(gateway.url, 'GET /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: ')).toMatch(/^HTTP\/1\.1 408/);
  });

  test('so are those of an upgrade, which takes no place meanwhile', async () => {
    await using gateway = await startImpatient(
      { MAX_CONNECTIONS: '1' },
      { headersMs: 2_000, requestMs: 2_000, connectionInitMs: 10_000 },
    );
    const slow = send(gateway.url, HANDSHAKE.slice(0, -2));
    await using other = await connect(gateway.url);
    expect(await slow).toMatch(/^HTTP\/1\.1 408/);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  test('headers that come byte by byte are not waited for any longer, of an upgrade neither', async () => {
    await using gateway = await startImpatient();
    for (const head of ['GET /graphql HTTP/1.1\r\nhost: localhost\r\n', HANDSHAKE.slice(0, -2)]) {
      const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
      // What is sent after the last word resets the connection, and may take that word with it.
      const answer = text(socket).catch(() => '');
      await drip(socket, `${head}x-slow: ${'x'.repeat(10_000)}`, 10);
      expect(await answer).toMatch(/^HTTP\/1\.1 408|^$/);
    }
  });

  test.each(['application/json', 'text/event-stream'])('a body that does not is too (%s)', async (accept) => {
    await using gateway = await startImpatient();
    const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: ${accept}\r\n`;
    expect(await send(gateway.url, `${head}content-length: 50\r\n\r\n{"query":`)).toMatch(/^HTTP\/1\.1 408|^$/);
    await untilIdle(gateway);
  });

  test('a socket that does not begin closes with 4408', async () => {
    await using gateway = await startImpatient({}, { connectionInitMs: 200 });
    await using client = await openSocket(gateway.url);
    expect((await client.closed).code).toBe(4408);
  });

  test('a socket that answers no pings is gone after three periods', async () => {
    await using gateway = await startImpatient();
    await using client = await connect(gateway.url, undefined, { autoPong: false });
    using stalls = new StallDetector();
    const startedAt = performance.now();
    expect((await client.closed).code).toBe(1006);
    // The pings are due in 36 steps, and each step can be late.
    expect(stalls.elapsedSince(startedAt)).toBeLessThan(2_000);
    await untilIdle(gateway);
  });

  test('a client that answers pings stays, however long the gateway takes to read its earlier messages', async () => {
    await using gateway = await startImpatient({ MAX_BODY_BYTES: '60000' }, { ...DEFAULT_TIMEOUTS, pingMs: 240 });
    await using client = await connect(gateway.url);
    const asks = JSON.stringify({ type: 'ping', payload: { padding: 'x'.repeat(59_000) } });
    for (let count = 0; count < 10; count += 1) client.send(asks);
    // Two pings at once, and no more than two more per second.
    await client.messages.count(1 + 10);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
  });

  test('a client that does not read is cut off, and its unsent results stay bounded', async () => {
    await using gateway = await startImpatient({ MAX_BODY_BYTES: '1000000' });
    await using client = await connect(gateway.url);
    tcpOf(client.socket).pause();
    const asks = JSON.stringify({ id: 'x', type: 'subscribe', payload: { query: `{ ${'__typename '.repeat(900)}` } });
    for (let count = 0; count < 250; count += 1) client.send(asks);
    await untilIdle(gateway, 10_000);
  });

  test('an event stream that is not read is cut', async ({ expect }) => {
    await using pair = await startPair();
    const many = Array.from({ length: 100 }, (_, index) => `t${index}`);
    for (const id of many) pair.simulator.setTask(id, { status: 'process', msg: 'x'.repeat(TEXT_LIMITS.message) });
    const env = { A2E_API_TOKEN: TOKEN, A2E_API_URL: pair.simulator.url };
    await using gateway = await startImpatient(env, { ...DEFAULT_TIMEOUTS, stallMs: 400 });
    const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
    socket.on('error', () => {});
    socket.pause();
    const messages = Array.from({ length: 15 }, (_, index) => `m${index}: message`).join(' ');
    const body = JSON.stringify({
      query: `subscription { taskStatuses(ids: ${JSON.stringify(many)}) { id ${messages} } }`,
    });
    const head =
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: text/event-stream\r\n';
    socket.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    await expect.poll(() => gateway.counts().liveResults).toBe(1);
    await untilIdle(gateway, 10_000);
    socket.destroy();
  });
});

describe('a flood on one socket', () => {
  test.each([
    [
      'subscriptions',
      (n: number) => clientFrame(1, JSON.stringify({ id: `${n}`, type: 'subscribe', payload: { query: WATCH } })),
    ],
    ['pings', () => clientFrame(9, 'x')],
    ['pongs', () => clientFrame(10, 'x')],
    ['pings of the protocol', () => clientFrame(1, '{"type":"ping"}')],
  ])('10,000 %s delay no other client, and leave no memory behind', { timeout: 60_000 }, async (_what, frame) => {
    await using simulator = await startSimulator({ tokens: [TOKEN] });
    simulator.setTask('forever', { status: 'init' });
    const env = { A2E_API_TOKEN: TOKEN, A2E_API_URL: simulator.url, POLL_INTERVAL_MS: '100', POLL_LINGER_MS: '100' };
    await using gateway = await startImpatient(env, { ...DEFAULT_TIMEOUTS, floodBackoffMs: 400 });
    const begun = performance.now();
    await using healthy = await connect(gateway.url);
    healthy.subscribe('w', WATCH);
    await healthy.messages.find(({ type }) => type === 'next');
    const socket = await hostileSocket(gateway.url);
    socket.resume();
    const frames = Array.from({ length: 10_000 }, (_, index) => frame(index));
    socket.write(Buffer.concat(frames));
    for (let round = 0; round < 20; round += 1) {
      using pauses = new StallDetector();
      const asked = performance.now();
      healthy.send({ type: 'ping' });
      await healthy.messages.count(3 + round);
      expect(performance.now() - asked).toBeLessThan(1_000 + pauses.totalSince(asked));
    }
    // One call an interval, for the one that is healthy.
    expect(simulator.totalCalls()).toBeLessThan((performance.now() - begun) / 100 + 5);
    socket.destroy();
    healthy.socket.terminate();
    // A socket that is not read tells nothing of its end: it is found out when it is told to go.
    await untilIdle(gateway, 20_000);
  });

  test('has it told to go with 4429, but only after a while', async () => {
    await using gateway = await startImpatient(
      {},
      { ...DEFAULT_TIMEOUTS, floodBackoffMs: 500, connectionInitMs: 200, pingMs: 60 },
    );
    const socket = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1');
    const code = closeCode(socket);
    const startedAt = performance.now();
    socket.write(HANDSHAKE);
    socket.write(clientFrame(1, '{"type":"connection_init"}'));
    socket.write(Buffer.concat(Array.from({ length: 400 }, () => clientFrame(10, 'x'))));
    expect(await code).toBe(4429);
    expect(performance.now() - startedAt).toBeGreaterThan(490);
    socket.destroy();
    await untilIdle(gateway);
  });
});

describe('ids that are none', () => {
  const ids = ['__proto__', '../x', '', ' ', 'é', 'a b', '\0', '-a', 'a'.repeat(129), 'x'.repeat(50_000)];
  test.each(TRANSPORTS)('are the mistake of the caller over %s, and never reach A2E', async (_name, call) => {
    await using pair = await startPair();
    const query = 'query Q($id: ID!) { videoTask(id: $id) { id } }';
    for (const id of ids)
      expect(
        codesOf(await call(pair.gateway.url, { query, variables: { id } })),
        JSON.stringify(id.slice(0, 20)),
      ).toEqual(['BAD_USER_INPUT']);
    expect(pair.simulator.totalCalls()).toBe(0);
    expect(await call(pair.gateway.url, { query, variables: { id: 'constructor' } })).toEqual({
      data: { videoTask: null },
    });
  });
});

test('a body over the limit is refused on every transport', async () => {
  await using pair = await startPair({ MAX_BODY_BYTES: '500' });
  const big = { body: JSON.stringify({ query: `# ${'x'.repeat(600)}\n{ __typename }` }) };
  const headers = { 'content-type': 'application/json' };
  expect((await ask(`${pair.gateway.url}/graphql`, { method: 'POST', headers, ...big })).status).toBe(413);
  await using stream = await openStream(pair.gateway.url, big);
  expect(stream.status).toBe(413);
  await using client = await connect(pair.gateway.url);
  client.send('x'.repeat(600));
  expect((await client.closed).code).toBe(1009);
});

test('behind a proxy the origin is the one that the browser sees', async () => {
  await using trusting = await startPair({ TRUST_PROXY: 'true' });
  await using plain = await startPair();
  const statusOf = async (pair: typeof plain, forwarded: Record<string, string>) =>
    (await post(pair.gateway.url, '{ __typename }', { headers: { origin: 'https://app.example', ...forwarded } }))
      .status;
  const forwarded = { 'x-forwarded-host': 'app.example', 'x-forwarded-proto': 'https' };
  expect(await statusOf(trusting, forwarded)).toBe(200);
  expect(await statusOf(trusting, { ...forwarded, 'x-forwarded-proto': 'http' })).toBe(403);
  expect(await statusOf(trusting, { ...forwarded, 'x-forwarded-host': 'app.example, evil.example' })).toBe(403);
  expect(await statusOf(plain, forwarded)).toBe(403);
});
