import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { describe, expect, test } from 'vitest';
import { start as startExpress } from '../../examples/embedding/express.ts';
import { start as startFastify } from '../../examples/embedding/fastify.ts';
import { start as startNodeHttp } from '../../examples/embedding/node-http.ts';
import { createGateway, loadConfig } from '../../src/index.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { ask } from '../support/http-client.ts';
import { openSocket } from '../support/ws-client.ts';

/** Express with the gateway behind a router of its own, whose prefix Express has removed. */
const startRouted: typeof startNodeHttp = async (env, port) => {
  const gateway = await createGateway(loadConfig(env), { listen: false, path: '/api/video' });
  const router = express.Router().all('/video{/*rest}', gateway.handler);
  const server = express().use('/api', router).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.close();
    await gateway[Symbol.asyncDispose]();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
};

const QUERY = '{ videoTask(id: "demo-success") { id } }';
const ANSWER = { data: { videoTask: { id: 'demo-success' } } };
const SUBSCRIPTION = 'subscription { taskStatus(id: "demo-success") { id } }';
const JSON_BODY = { 'content-type': 'application/json', connection: 'close' };

type Start = typeof startNodeHttp;

/** The example against a simulated A2E. */
async function embedded(start: Start) {
  await using stack = new AsyncDisposableStack();
  const { url: origin } = stack.use(await startSimulator());
  const upstream = { A2E_API_URL: origin, A2E_API_TOKEN: 'demo-token', AUTH_MODE: 'open' };
  const settings = { LOG_LEVEL: 'silent', POLL_INTERVAL_MS: '100', MAX_BODY_BYTES: '300', SHUTDOWN_GRACE_MS: '2000' };
  const application = await start({ ...settings, ...upstream }, 0);
  stack.defer(() => application.close());
  const owned = stack.move();
  return { url: application.url, close: () => owned.disposeAsync(), [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const init = { method: 'POST', headers: { ...JSON_BODY, ...headers }, body: JSON.stringify(body) };
  return fetch(`${url}/video/graphql`, init);
}

describe.each<[string, Start]>([
  ['node:http', startNodeHttp],
  ['Express 5', startExpress],
  ['Fastify 5', startFastify],
])('the gateway on a path of %s', (_name, start) => {
  test('answers queries by POST and GET, and leaves the other paths to the application', async () => {
    await using host = await embedded(start);
    expect(await (await post(host.url, { query: QUERY })).json()).toEqual(ANSWER);
    const headers = { accept: 'application/json', connection: 'close' };
    const get = await fetch(`${host.url}/video/graphql?query=${encodeURIComponent(QUERY)}`, { headers });
    expect(await get.json()).toEqual(ANSWER);
    expect(await (await fetch(host.url, { headers })).text()).toBe('the application');
  });

  test('serves each address of the gateway under one URL', async () => {
    await using host = await embedded(start);
    expect((await ask(`${host.url}/video/metrics`)).status).toBe(200);
    expect((await ask(`${host.url}/video/video/metrics`)).status).toBe(404);
  });

  test('serves clients that offer h2c, as Java does, on every path', async () => {
    await using host = await embedded(start);
    const offer = {
      connection: 'Upgrade, HTTP2-Settings',
      upgrade: 'h2c',
      'http2-settings': 'AAEAAEAAAAIAAAAAAAMAAAAA',
    };
    const headers = { 'content-type': 'application/json', ...offer };
    const answer = await ask(`${host.url}/video/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query: QUERY }),
    });
    expect([answer.status, answer.json()]).toEqual([200, ANSWER]);
    expect((await ask(host.url, { headers: offer })).body).toBe('the application');
  });

  test('refuses a body that is too long or no JSON of an operation', async () => {
    await using host = await embedded(start);
    expect((await post(host.url, { query: QUERY, padding: 'x'.repeat(300) })).status).toBe(413);
    expect((await post(host.url, [])).status).toBe(400);
  });

  test('streams over SSE', async () => {
    await using host = await embedded(start);
    const stream = await post(host.url, { query: SUBSCRIPTION }, { accept: 'text/event-stream' });
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('demo-success')) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) break;
      text += value;
    }
    expect(text).toContain('event: next');
    await reader?.cancel();
  });

  test('streams over WebSocket on its own path alone, and closes its clients when the application closes', async () => {
    await using host = await embedded(start);
    await expect(openSocket(`${host.url}/other`)).rejects.toThrow();
    await using socket = await openSocket(`${host.url}/video`);
    socket.send({ type: 'connection_init' });
    socket.subscribe('1', SUBSCRIPTION);
    await socket.messages.find(({ type }) => type === 'next');
    const [{ code }] = await Promise.all([socket.closed, host.close()]);
    expect([1001, 1012]).toContain(code);
    await expect(fetch(host.url)).rejects.toThrow();
  });
});

test('the gateway behind a router of Express, and its watch page with and without the slash', async () => {
  await using host = await embedded(startRouted);
  expect((await ask(`${host.url}/api/video/metrics`)).status).toBe(200);
  expect((await ask(`${host.url}/api/video/`)).status).toBe(200);
  const redirect = await ask(`${host.url}/api/video?id=t1`);
  expect([redirect.status, redirect.headers.location]).toEqual([307, './video/?id=t1']);
  const page = await fetch(`${host.url}/api/video`, { headers: { connection: 'close' } });
  expect([page.status, page.url]).toEqual([200, `${host.url}/api/video/`]);
});
