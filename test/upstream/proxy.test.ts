import { readFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { ProxySettings } from '../../src/upstream/proxy.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { Harness, ID } from './harness.ts';
import { answerFor, run } from './upstream-server.ts';

const pem = readFileSync(new URL('self-signed.pem', import.meta.url), 'utf8');
const authorities = getCACertificates();
beforeAll(() => setDefaultCACertificates([...authorities, pem]));
afterAll(() => setDefaultCACertificates(authorities));
afterEach(() => void vi.unstubAllEnvs());

const NONE: ProxySettings = { http: null, https: null, bypass: null };
const answer: RequestListener = (request, response) => {
  request.resume().once('end', () => response.end(answerFor(ID)));
};

/** An A2E that answers each call, and its address for a client that checks the name of its certificate. */
async function startServer(scheme: 'http' | 'https') {
  const server = scheme === 'http' ? createServer(answer) : createHttpsServer({ key: pem, cert: pem }, answer);
  const running = await run(server, scheme);
  return Object.assign(running, { url: `${scheme}://localhost:${running.port}` });
}

test.each<[string, 'http' | 'https', (proxy: string) => Partial<ProxySettings>, 'direct' | 'forwarded' | 'tunnelled']>([
  ['HTTP_PROXY', 'http', (http) => ({ http }), 'forwarded'],
  ['HTTP_PROXY alone', 'https', (http) => ({ http }), 'tunnelled'],
  ['HTTPS_PROXY', 'https', (https) => ({ https }), 'tunnelled'],
  ['HTTPS_PROXY alone', 'http', (https) => ({ https }), 'direct'],
  ['NO_PROXY with its name', 'http', (http) => ({ http, bypass: 'localhost' }), 'direct'],
  ['NO_PROXY with its name', 'https', (https) => ({ https, bypass: 'a.example, localhost' }), 'direct'],
  ['NO_PROXY with another name', 'http', (http) => ({ http, bypass: 'a.example' }), 'forwarded'],
  ['no proxy', 'https', () => ({}), 'direct'],
])('with %s an %s: server is reached: %o', async (_name, scheme, settings, way) => {
  await using proxy = await startForwardProxy();
  await using server = await startServer(scheme);
  await using harness = new Harness(server.url, { proxy: { ...NONE, ...settings(proxy.origin) } });
  expect(await harness.read()).toMatchObject({ id: ID });
  const asked = {
    direct: [],
    forwarded: [`POST ${server.url}/api/v1/video/awsResult`],
    tunnelled: [`CONNECT localhost:${server.port}`],
  };
  expect(proxy.asked).toEqual(asked[way]);
});

test.each(['http', 'https'] as const)(
  'a proxy for %s: that only the environment names is left alone',
  async (scheme) => {
    await using proxy = await startForwardProxy();
    for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY']) vi.stubEnv(name, proxy.origin);
    await using server = await startServer(scheme);
    await using harness = new Harness(server.url, { proxy: NONE });
    expect(await harness.read()).toMatchObject({ id: ID });
    expect(proxy.asked).toEqual([]);
  },
);

test('a host that only no_proxy of the environment names is reached through the proxy all the same', async () => {
  await using proxy = await startForwardProxy();
  for (const name of ['no_proxy', 'NO_PROXY']) vi.stubEnv(name, '*');
  await using server = await startServer('http');
  await using harness = new Harness(server.url, { proxy: { ...NONE, http: proxy.origin } });
  expect(await harness.read()).toMatchObject({ id: ID });
  expect(proxy.asked).toHaveLength(1);
});
