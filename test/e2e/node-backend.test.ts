import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createBackend } from '../../examples/node-backend/backend.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { launchBrowser } from '../support/browser.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway } from '../support/gateway.ts';

const SECRET = 'a secret of at least thirty-two bytes';

async function startBackend(a2eUrl: string, gateway: string): Promise<AsyncDisposable & { readonly url: string }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const server = createBackend({ a2e: { url: a2eUrl, token: 'demo-token' }, origin: url, gateway, secret: SECRET });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await server[Symbol.asyncDispose]();
    },
  };
}

const jsonOf = async (response: Promise<Response>): Promise<Readonly<Record<string, string>>> =>
  (await (await response).json()) as Readonly<Record<string, string>>;

test('examples/node-backend creates a video, and its page watches it to the end with a ticket for it alone', async () => {
  await using simulator = await startSimulator({ speed: 20 });
  const port = await freePort();
  await using backend = await startBackend(simulator.url, `ws://127.0.0.1:${port}/graphql`);
  await using _gateway = await startGateway({
    A2E_API_URL: simulator.url,
    A2E_API_TOKEN: 'demo-token',
    AUTH_MODE: 'jwt',
    AUTH_JWT_SECRET: SECRET,
    CORS_ORIGINS: backend.url,
    PORT: `${port}`,
  });
  await using browser = await launchBrowser();
  await using tab = await browser.open();
  await tab.page.goto(backend.url);
  const created = tab.page.waitForResponse(`${backend.url}/videos`);
  await tab.page.getByRole('button', { name: 'Create' }).click();
  const { id = '', ticket = '' } = (await (await created).json()) as Readonly<Record<string, string>>;
  expect(id).toMatch(/^[0-9a-f]{24}$/);
  await tab.page.getByRole('progressbar').waitFor();
  const video = tab.page.locator('video');
  await video.waitFor();
  expect(await video.getAttribute('src')).toBe(`${simulator.url}/results/${id}.mp4`);
  expect(tab.faults).toEqual([]);

  const client = createClient({
    url: `ws://127.0.0.1:${port}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${ticket}` },
  });
  const query = 'subscription ($id: ID!) { taskStatus(id: $id) { status } }';
  const own = await Array.fromAsync(client.iterate({ query, variables: { id } }));
  expect(own).toEqual([{ data: { taskStatus: { status: 'SUCCESS' } } }]);
  const other = Array.fromAsync(client.iterate({ query, variables: { id: 'demo-success' } }));
  await expect(other).rejects.toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);

  const renewed = await jsonOf(fetch(`${backend.url}/videos/${id}/ticket`, { method: 'POST' }));
  expect(renewed['ticket']?.split('.')).toHaveLength(3);
  expect((await fetch(`${backend.url}/videos/foreign/ticket`, { method: 'POST' })).status).toBe(404);
});

const ORDER = JSON.stringify({ title: 'My video', audioSrc: 'https://example.com/speech.mp3' });
const JSON_TYPE = { 'content-type': 'application/json' };

/** The status of the answer; `node:http` sends any Host. */
async function statusOf(url: string, method: string, headers: Record<string, string>, body?: string): Promise<number> {
  const sent = request(url, { method, headers }).end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.resume();
  return response.statusCode ?? 0;
}

test('examples/node-backend refuses a request of another site, and an order that is none', async () => {
  await using simulator = await startSimulator();
  await using backend = await startBackend(simulator.url, 'ws://127.0.0.1:1/graphql');
  const order = (body: string, headers: Record<string, string> = JSON_TYPE): Promise<number> =>
    statusOf(`${backend.url}/videos`, 'POST', headers, body);

  expect(await statusOf(`${backend.url}/graphql-ws/client-x.js`, 'GET', {})).toBe(404);
  expect(await statusOf(backend.url, 'GET', { host: 'rebound.example' })).toBe(421);
  expect(await order(ORDER, { ...JSON_TYPE, host: 'rebound.example' })).toBe(421);
  expect(await order(ORDER, { ...JSON_TYPE, origin: 'https://other.example' })).toBe(403);
  expect(await order(ORDER, { 'content-type': 'text/plain' })).toBe(415);
  const audioSrc = 'https://example.com/speech.mp3';
  const orders = [{}, { title: 'My video' }, { title: ' ', audioSrc }, { title: 'My video', audioSrc: 'file:///etc' }];
  for (const body of ['{', 'null', ...orders.map((wrong) => JSON.stringify(wrong))]) {
    expect([body, await order(body)]).toEqual([body, 400]);
  }
  expect(await order(JSON.stringify({ title: 'x'.repeat(20_000), audioSrc }))).toBe(413);
  expect(await order(ORDER, { ...JSON_TYPE, origin: backend.url })).toBe(201);
});
