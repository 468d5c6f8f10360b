import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createGateway, type Gateway } from '../../../src/gateway.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/server/limits/timeouts.ts';
import { type Pair, startPair, TOKEN } from '../../support/gateway.ts';
import { until } from '../../support/hostile-socket.ts';
import { ask } from '../../support/http-client.ts';
import { untilIdle } from '../../support/until-idle.ts';

const MAX_BODY_BYTES = 65_536;
const CHUNK_BYTES = 16_384;
const CHUNK = chunkOf(' '.repeat(CHUNK_BYTES));
const LAST_CHUNK = '0\r\n\r\n';

/** Every way in which a POST is answered. */
const ACCEPTS = ['application/json', 'text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'];
const QUERY = '{ videoTask(id: "job") { status } }';
const WATCH = 'subscription { taskStatus(id: "job") { status } }';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('job', { status: 'process' });
});
afterAll(() => pair[Symbol.asyncDispose]());
afterEach(async () => {
  await untilIdle(pair.gateway);
  expect(pair.simulator.totalCalls()).toBe(0);
});

/** A connection on which the body of a POST is about to be sent in chunks. */
async function beginChunked(accept: string, gatewayUrl = pair.gateway.url): Promise<Socket> {
  const socket = connectTcp(Number(new URL(gatewayUrl).port), '127.0.0.1').on('error', () => {});
  await once(socket, 'connect');
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: ${accept}\r\n`;
  socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
  return socket;
}

function chunkOf(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** A gateway that waits for the end of a request less long than others do. */
function startImpatient(): Promise<Gateway> {
  const upstream = { A2E_API_URL: pair.simulator.url, A2E_API_TOKEN: TOKEN };
  const timeouts = { ...DEFAULT_TIMEOUTS, headersMs: 300, requestMs: 600 };
  return createGateway(loadConfig({ PORT: '0', LOG_LEVEL: 'silent', ...upstream }), {
    log: createLogger('silent', process.stderr),
    timeouts,
  });
}

describe.each(ACCEPTS)('with Accept: %s', (accept) => {
  test('a chunked body within the limit is read', async () => {
    const socket = await beginChunked(accept);
    const answered = until(socket, '{"data":{"__typename":"Query"}}');
    for (const part of ['{"query":"{ __ty', 'pename }"}']) socket.write(chunkOf(part));
    socket.write(LAST_CHUNK);
    await answered;
    expect(socket.closed).toBe(false);
    socket.destroy();
  });

  test('a chunked body is refused with 413 as soon as it is over the limit, though it goes on', async () => {
    const socket = await beginChunked(accept);
    const refused = until(socket, 'HTTP/1.1 413 ');
    // What would be a good request if it were shorter: nothing else is wrong with it.
    const start = JSON.stringify({ query: accept === 'application/json' ? QUERY : WATCH }).slice(0, -1);
    socket.write(chunkOf(start));
    for (let sent = 0; sent <= MAX_BODY_BYTES; sent += CHUNK_BYTES) socket.write(CHUNK);
    await refused;
    expect(socket.closed).toBe(false);
    socket.destroy();
  });

  test('a request that follows a body that was too long on the same connection is answered', async () => {
    const socket = await beginChunked(accept);
    const refused = until(socket, 'HTTP/1.1 413 ');
    for (let sent = 0; sent <= 20 * MAX_BODY_BYTES; sent += CHUNK_BYTES) socket.write(CHUNK);
    await refused;
    const answered = until(socket, 'HTTP/1.1 200 ');
    socket.write(`${LAST_CHUNK}GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await answered;
    expect(socket.closed).toBe(false);
    socket.destroy();
  });

  test.each([
    // A drop on its way to a connection that is closed already may cost the client the answer.
    ['drips', chunkOf(' '), /^HTTP\/1\.1 408|^$/],
    ['is too long', CHUNK, /^HTTP\/1\.1 413/],
  ])(
    'a body that %s and never ends is ended by the time-out for requests, and its place freed',
    async (_, part, how) => {
      await using gateway = await startImpatient();
      const socket = await beginChunked(accept, gateway.url);
      const sending = setInterval(() => socket.write(part), 20);
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => {
        answer += text;
      });
      await new Promise((resolve) => socket.once('close', resolve));
      clearInterval(sending);
      expect(answer).toMatch(how);
      await untilIdle(gateway);
    },
  );

  test.each([
    ['queries', [{ query: QUERY }, { query: QUERY }]],
    ['subscriptions', [{ query: WATCH }, { query: WATCH }]],
    ['one', [{ query: QUERY }]],
    ['none', []],
  ])('a batch of %s is refused with 400 and says why, and none of it runs', async (_what, batch) => {
    const headers = { 'content-type': 'application/json', accept };
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(batch) });
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toMatchObject({
      errors: [{ message: expect.stringMatching(/^Batching|must be a JSON object$/) }],
    });
  });
});
