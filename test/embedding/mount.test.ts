import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { createGateway, loadConfig } from '../../src/index.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { openSocket } from '../support/ws-client.ts';

test('serves queries and subscriptions on a path of another server', async () => {
  await using simulator = await startSimulator();
  const upstream = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', AUTH_MODE: 'open' };
  const config = loadConfig({ LOG_LEVEL: 'silent', POLL_INTERVAL_MS: '100', ...upstream });
  await using gateway = await createGateway(config, { listen: false, path: '/video' });
  expect(gateway.url).toBe('');
  await using host = createServer((request, response) => {
    if (request.url?.startsWith('/video/')) gateway.handler(request, response);
    else response.end('the application');
  });
  host.on('upgrade', gateway.upgrade);
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;

  const answer = await fetch(`${url}/video/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', connection: 'close' },
    body: JSON.stringify({ query: '{ videoTask(id: "demo-success") { id } }' }),
  });
  expect(await answer.json()).toEqual({ data: { videoTask: { id: 'demo-success' } } });
  expect(await (await fetch(`${url}/videos`, { headers: { connection: 'close' } })).text()).toBe('the application');

  await using socket = await openSocket(`${url}/video`);
  socket.send({ type: 'connection_init' });
  socket.subscribe('1', 'subscription { taskStatus(id: "demo-success") { status } }');
  await expect.poll(() => socket.about('1').some(({ type }) => type === 'next')).toBe(true);
  await expect(openSocket(`${url}/videos`)).rejects.toThrow('404');
  await expect(openSocket(url)).rejects.toThrow('404');
});

test.each<[string, (body: Buffer) => unknown]>([
  ['JSON', (body) => JSON.parse(String(body))],
  ['text', String],
  ['bytes', (body) => body],
])('takes a body that a parser of the other server has read as %s', async (_name, parse) => {
  await using simulator = await startSimulator();
  const upstream = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', AUTH_MODE: 'open' };
  const config = loadConfig({ LOG_LEVEL: 'silent', MAX_BODY_BYTES: '100', ...upstream });
  await using gateway = await createGateway(config, { listen: false });
  await using host = createServer(async (request, response) => {
    const chunks: Buffer[] = await Array.fromAsync(request);
    gateway.handler(Object.assign(request, { body: parse(Buffer.concat(chunks)) }), response);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}/graphql`;
  const post = (body: unknown): Promise<Response> =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body: JSON.stringify(body),
    });
  const answer = await post({ query: '{ videoTask(id: "demo-success") { id } }' });
  expect(await answer.json()).toEqual({ data: { videoTask: { id: 'demo-success' } } });
  expect((await post({ query: `{ ${'x'.repeat(100)} }` })).status).toBe(413);
});

describe('a path that a router has removed', () => {
  test.each([
    ['/healthz', { baseUrl: '/video' }, 200],
    ['/metrics', { baseUrl: '/video' }, 200],
    ['/video/metrics', { baseUrl: '/video' }, 404],
    ['/metrics', { originalUrl: '/video/metrics' }, 200],
    ['/video/metrics', { originalUrl: '/video/video/metrics' }, 404],
    ['/video/metrics', { baseUrl: '', originalUrl: '/video/metrics' }, 200],
    ['/video/metrics', {}, 200],
    ['/video/video/metrics', {}, 404],
    ['/metrics', {}, 404],
    ['/videos/metrics', {}, 404],
    ['/', { originalUrl: '/video/' }, 200],
  ])('is not removed again: %s of a request with %j gets %i', async (url, routed, status) => {
    const config = loadConfig({ LOG_LEVEL: 'silent' });
    await using gateway = await createGateway(config, { listen: false, path: '/video' });
    await using host = createServer((request, response) => gateway.handler(Object.assign(request, routed), response));
    await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
    const answer = await fetch(`${origin}${url}`, { headers: { connection: 'close' } });
    expect(answer.status).toBe(status);
  });
});

/** A server that hands each request to a gateway with this path, as a router with these fields does. */
async function mountedOn(path: string, routed: object = {}) {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await createGateway(loadConfig({ LOG_LEVEL: 'silent' }), { listen: false, path }));
  const host = stack.use(
    createServer((request, response) => gateway.handler(Object.assign(request, routed), response)),
  );
  host.on('upgrade', gateway.upgrade);
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const owned = stack.move();
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function get(url: string): Promise<Response> {
  return fetch(url, { headers: { connection: 'close' }, redirect: 'manual' });
}

test.each([
  ['/video/', '/video/healthz'],
  ['video', '/video/healthz'],
  ['/', '/healthz'],
  ['/api/video', '/api/video/healthz'],
])('the path %j serves %s', async (path, url) => {
  await using host = await mountedOn(path);
  expect((await get(`${host.url}${url}`)).status).toBe(200);
});

test.each(['/video?x', '/a b', '/video#x', '/a//b', 'https://example.com/video'])(
  'refuses the path %j',
  async (path) => {
    await expect(mountedOn(path)).rejects.toThrow('path must be the path of a URL');
  },
);

test('a router may have removed a part of the path, such as the prefix of a router of Express', async () => {
  await using host = await mountedOn('/api/video', { baseUrl: '/api' });
  expect((await get(`${host.url}/video/healthz`)).status).toBe(200);
  expect((await get(`${host.url}/healthz`)).status).toBe(404);
});

test('a response that the other server has begun is cut and logged, and the next one is answered', async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  await using gateway = await createGateway(loadConfig({}), { listen: false, log });
  await using host = createServer((request, response) => {
    if (request.url === '/') response.writeHead(200).write('begun');
    gateway.handler(request, response);
  });
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(host.address() as AddressInfo).port}`;
  await expect(get(`${url}/`).then((answer) => answer.text())).rejects.toThrow('terminated');
  expect(lines).toMatchObject([{ msg: 'unexpected error', err: { code: 'ERR_HTTP_HEADERS_SENT' } }]);
  expect((await get(`${url}/healthz`)).status).toBe(200);
});

describe('the watch page without its slash', () => {
  test.each<[string, object, string | null]>([
    ['/video', {}, './video/'],
    ['/video?id=t1', {}, './video/?id=t1'],
    ['/?id=t1', { baseUrl: '/video', originalUrl: '/video?id=t1' }, './video/?id=t1'],
    ['/', { originalUrl: '/video' }, './video/'],
    ['/video/', {}, null],
    ['/', { baseUrl: '/video', originalUrl: '/video/' }, null],
  ])('%s with %j is redirected to %j', async (url, routed, location) => {
    await using host = await mountedOn('/video', routed);
    const answer = await get(`${host.url}${url}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([location === null ? 200 : 307, location]);
  });
});

test('the watch page on a path has all its files', async () => {
  await using host = await mountedOn('/video');
  const page = await fetch(`${host.url}/video`, { headers: { connection: 'close' } });
  const files = Array.from((await page.text()).matchAll(/(?:src|href)="([^"#]+)"/g), ([, file]) => file ?? '');
  expect(files).toContain('watch.js');
  const statuses = await Promise.all(files.map(async (file) => (await get(new URL(file, page.url).href)).status));
  expect(new Set(statuses)).toEqual(new Set([200]));
});
