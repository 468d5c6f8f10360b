import { connect as connectTcp } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { startPair, TOKEN } from '../../support/gateway.ts';
import { GatewayProcess } from '../../support/gateway-process.ts';
import { until } from '../../support/hostile-socket.ts';
import { ask, post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { reference } from '../../support/stall-detector.ts';
import { connect, openSocket, tcpOf } from '../../support/ws-client.ts';

/** As urql sends it with queries, and Apollo Client with subscriptions. */
const URQL =
  'application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed';
const APOLLO =
  'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,application/graphql-response+json,application/json';
const WATCH = 'subscription { taskStatus(id: "forever") { status } }';

async function startLive(graceMs: number) {
  const pair = await startPair({ SHUTDOWN_GRACE_MS: `${graceMs}`, WEBHOOK_TOKEN: 'hook' });
  pair.simulator.setTask('forever', { status: 'init' });
  return pair;
}

describe.concurrent('a gateway that drains', () => {
  test('says so, refuses new work, and ends every stream so that clients come again', async () => {
    await using pair = await startLive(5_000);
    const { url } = pair.gateway;
    await using socket = await connect(url);
    socket.subscribe('w', WATCH);
    await using stream = await openStream(url, { query: WATCH });
    await stream.events.count(1);
    await socket.messages.find(({ type }) => type === 'next');
    const done = pair.gateway.drain();

    expect((await ask(`${url}/readyz`)).status).toBe(503);
    expect((await ask(`${url}/healthz`)).status).toBe(200);
    const refusals = [
      await post(url, '{ __typename }'),
      await post(url, '{ __typename }', { headers: { accept: URQL } }),
      await ask(`${url}/webhooks/a2e`, { method: 'POST' }),
    ];
    for (const { status, headers } of refusals) {
      expect(status).toBe(503);
      expect(headers).toMatchObject({ 'retry-after': '1', connection: 'close' });
    }
    await expect(openSocket(url)).rejects.toThrow('503');
    for (const accept of ['text/event-stream', 'text/event-stream, multipart/mixed', APOLLO])
      await expect(post(url, WATCH, { headers: { accept } })).rejects.toThrow('socket hang up');

    expect(await socket.closed).toEqual({ code: 1012, reason: 'Service restart' });
    expect(socket.about('w').map(({ type }) => type)).not.toContain('complete');
    expect((await stream.ended).map(({ event }) => event)).not.toContain('complete');
    expect(stream.complete()).toBe(false);
    await done;
    expect(pair.gateway.counts().connections).toBe(0);
  });

  test.each(['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'])(
    'breaks the connection of %s, so that fetch reports an error instead of an end',
    async (accept) => {
      await using pair = await startLive(2_000);
      const headers = { accept, 'content-type': 'application/json' };
      const body = JSON.stringify({ query: WATCH });
      const response = await fetch(`${pair.gateway.url}/graphql`, { method: 'POST', headers, body });
      const text = response.text();
      const done = pair.gateway.drain();
      await expect(text).rejects.toThrow('terminated');
      await done;
    },
  );

  test('closes the connection of a request for a stream without an answer while it drains', async () => {
    await using pair = await startLive(5_000);
    await using socket = await connect(pair.gateway.url);
    tcpOf(socket.socket).pause();
    const done = pair.gateway.drain();
    await expect(openStream(pair.gateway.url, { query: WATCH })).rejects.toThrow(/socket hang up|ECONNRESET/);
    await expect(openStream(pair.gateway.url, { method: 'GET', query: WATCH })).rejects.toThrow();
    await pair.gateway[Symbol.asyncDispose]();
    await done;
  });

  test('spreads its closes over a second, and ends with the last of them', async () => {
    await using pair = await startLive(10_000);
    await using stack = new AsyncDisposableStack();
    const closed: Promise<unknown>[] = [];
    for (let count = 0; count < 50; count += 1) {
      const client = stack.use(await connect(pair.gateway.url));
      closed.push(client.closed);
    }
    const startedAt = performance.now();
    await pair.gateway.drain();
    const tookMs = performance.now() - startedAt;
    expect(await Promise.all(closed)).toHaveLength(50);
    expect(tookMs).toBeGreaterThan(700);
    expect(tookMs).toBeLessThan(6_000);
  });

  test('does not wait for a client that has stopped reading', async () => {
    await using pair = await startLive(1_000);
    await using socket = await connect(pair.gateway.url);
    tcpOf(socket.socket).pause();
    const beside = reference(1_000);
    const startedAt = performance.now();
    await pair.gateway.drain();
    expect(performance.now() - startedAt).toBeLessThan(await beside);
    await pair.gateway[Symbol.asyncDispose]();
    expect(pair.gateway.counts().connections).toBe(0);
  });

  test('lets a query that is under way end', async () => {
    await using pair = await startLive(5_000);
    pair.simulator.setLatency(300);
    const answer = post(pair.gateway.url, '{ videoTask(id: "forever") { status } }');
    await pair.simulator.waitForCalls('forever', 1);
    await pair.gateway.drain();
    await pair.gateway[Symbol.asyncDispose]();
    expect((await answer).json()).toEqual({ data: { videoTask: { status: 'INIT' } } });
  });

  test('ends at once without clients', async () => {
    await using pair = await startLive(10_000);
    const startedAt = performance.now();
    await pair.gateway.drain();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test('writes no result to a stream that it has closed, also if the task changes meanwhile', async () => {
    await using simulator = await startSimulator({ tokens: [TOKEN] });
    simulator.setTask('forever', { status: 'process', process: 0 });
    const env = {
      A2E_API_URL: simulator.url,
      A2E_API_TOKEN: TOKEN,
      POLL_INTERVAL_MS: '100',
      SHUTDOWN_GRACE_MS: '10000',
    };
    await using gateway = await GatewayProcess.start(env);
    // The answers to all but the first wait in line: they have not closed when they have ended.
    const pipelined = connectTcp(Number(new URL(gateway.url).port), '127.0.0.1').on('error', () => {});
    const query = encodeURIComponent('subscription { taskStatus(id: "forever") { progress } }');
    const one = `GET /graphql?query=${query} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n`;
    pipelined.write(one.repeat(60));
    await until(pipelined, '"progress"');
    await using stack = new AsyncDisposableStack();
    const streams = Array.from({ length: 60 }, () => openStream(gateway.url, { query: WATCH }));
    for (const stream of await Promise.all(streams)) stack.use(stream);

    gateway.signal('SIGTERM');
    const left = gateway.exited.then(() => null);
    for (let calls = simulator.countFor('forever') + 1; ; calls += 1) {
      if ((await Promise.race([left, simulator.waitForCalls('forever', calls)])) === null) break;
      simulator.setTask('forever', { status: 'process', process: calls % 101 });
    }
    expect(await gateway.exited).toMatchObject({ code: 0 });
    expect(gateway.log.filter((line) => line.includes('unexpected error'))).toEqual([]);
    pipelined.destroy();
  });
});
