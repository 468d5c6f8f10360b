import { connect as connectTcp } from 'node:net';
import { SignJWT } from 'jose';
import { expect, it, vi } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createGateway } from '../../../src/gateway.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/server/limits/timeouts.ts';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { TEXT_LIMITS } from '../../../src/task/video-task.ts';
import { startPair, TOKEN } from '../../support/gateway.ts';
import { openStream } from '../../support/sse-client.ts';
import { untilIdle } from '../../support/until-idle.ts';

/** As Apollo Client 4 sends it with a subscription. */
const ACCEPT =
  'multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/graphql-response+json,application/json;q=0.9';

/** The parts that a client knows to be whole, since the delimiter of the next one has come; without heartbeats. */
function partsOf(text: string): unknown[] {
  const blocks = text.split('\r\n--graphql').slice(1, -1);
  const parts = blocks.map((block) => JSON.parse(block.slice(block.indexOf('\r\n\r\n'))) as object);
  return parts.filter((part) => Object.keys(part).length > 0);
}

it("streams a subscription in Apollo's multipart protocol", async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  simulator.setTask('job', { status: 'init' });
  const query = 'subscription { taskStatus(id: "job") { status } }';
  const shown = (status: string) => ({ payload: { data: { taskStatus: { status } } } });
  await using stream = await openStream(gateway.url, { query, headers: { accept: ACCEPT } });
  expect(stream.headers['content-type']).toBe('multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"');
  await vi.waitFor(() => expect(partsOf(stream.text())).toEqual([shown('INIT')]), { timeout: 20_000 });
  simulator.setTask('job', { status: 'success' });
  await stream.ended;
  expect(partsOf(stream.text())).toEqual([shown('INIT'), shown('SUCCESS')]);
  expect(stream.text()).toMatch(/\r\n--graphql--\r\n$/);
  await untilIdle(gateway);
});

it('tells what is wrong with a subscription', async () => {
  await using pair = await startPair();
  const query = 'subscription { taskStatus(id: "../x") { status } }';
  await using stream = await openStream(pair.gateway.url, { query, headers: { accept: ACCEPT } });
  await stream.ended;
  expect(partsOf(stream.text())).toMatchObject([{ payload: { errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] } }]);
});

it('answers a query with the same header as JSON', async () => {
  await using pair = await startPair();
  await using stream = await openStream(pair.gateway.url, { query: '{ __typename }', headers: { accept: ACCEPT } });
  await stream.ended;
  expect(stream.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8');
  expect(stream.text()).toBe('{"data":{"__typename":"Query"}}');
});

it('ends with UNAUTHENTICATED, on time, when the token of a live subscription expires, and polls no more', async () => {
  const secret = 'a secret that is long enough for HS256';
  await using pair = await startPair({ AUTH_MODE: 'jwt', AUTH_JWT_SECRET: secret });
  pair.simulator.setTask('job', { status: 'init' });
  const exp = Math.floor(Date.now() / 1000) + 2;
  const ticket = new SignJWT({ tasks: ['job'], exp }).setProtectedHeader({ alg: 'HS256' });
  const authorization = `Bearer ${await ticket.sign(new TextEncoder().encode(secret))}`;
  const query = 'subscription { taskStatus(id: "job") { status } }';
  await using stream = await openStream(pair.gateway.url, { query, headers: { accept: ACCEPT, authorization } });
  await stream.ended;
  const lateMs = Date.now() - (exp + 2) * 1000;
  expect(lateMs).toBeGreaterThanOrEqual(0);
  expect(lateMs).toBeLessThan(2_000);
  expect(partsOf(stream.text())).toMatchObject([
    { payload: { data: { taskStatus: { status: 'INIT' } } } },
    { payload: { errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] } },
  ]);
  expect(stream.text()).toMatch(/\r\n--graphql--\r\n$/);
  await untilIdle(pair.gateway);
});

it('cuts a reader that has stalled, gives its place to the next one, and polls no more', async () => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  const ids = Array.from({ length: 100 }, (_, index) => `t${index}`);
  for (const id of ids) simulator.setTask(id, { status: 'process', msg: 'x'.repeat(TEXT_LIMITS.message) });
  const upstream = { A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN };
  const tempo = { POLL_INTERVAL_MS: '100', POLL_MAX_INTERVAL_MS: '100', POLL_LINGER_MS: '100' };
  const config = loadConfig({ ...upstream, ...tempo, PORT: '0', LOG_LEVEL: 'silent', MAX_CONNECTIONS: '1' });
  const timeouts = { ...DEFAULT_TIMEOUTS, stallMs: 400 };
  await using gateway = await createGateway(config, { log: createLogger('silent', process.stderr), timeouts });
  const stalled = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
  stalled.pause();
  const messages = Array.from({ length: 15 }, (_, index) => `m${index}: message`).join(' ');
  const query = `subscription { taskStatuses(ids: ${JSON.stringify(ids)}) { id ${messages} } }`;
  const body = JSON.stringify({ query });
  const head = `POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept: ${ACCEPT}\r\n`;
  stalled.write(`${head}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  await vi.waitFor(() => expect(gateway.counts()).toMatchObject({ liveResults: 1, connections: 1 }), {
    timeout: 20_000,
    interval: 10,
  });
  await untilIdle(gateway, 20_000);

  const next = 'subscription { taskStatus(id: "t0") { status } }';
  await using stream = await openStream(gateway.url, { query: next, headers: { accept: ACCEPT } });
  expect(stream.status).toBe(200);
  const intervals = (count: number) => simulator.waitForCalls('t0', simulator.countFor('t0') + count);
  // What was under way when the reader was cut has arrived by then.
  await intervals(3);
  const before = simulator.countFor('t1');
  await intervals(3);
  expect(simulator.countFor('t1')).toBe(before);
  stalled.destroy();
});
