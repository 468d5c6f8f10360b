import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProxySettings } from '../../src/upstream/proxy.ts';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { Harness, ID } from './harness.ts';
import { answerFor, run } from './upstream-server.ts';

const pem = readFileSync(new URL('self-signed.pem', import.meta.url), 'utf8');
const authorities = getCACertificates();
beforeAll(() => setDefaultCACertificates([...authorities, pem]));
afterAll(() => setDefaultCACertificates(authorities));

/** An A2E over TLS: it answers the first request of a connection as it is told, and cuts it at every other one. */
async function startTlsServer(answersFirst: (connection: number) => boolean) {
  const requests = new Map<Socket, number>();
  const server = createHttpsServer({ key: pem, cert: pem }, (request, response) => {
    const { socket } = request;
    const count = (requests.get(socket) ?? 0) + 1;
    requests.set(socket, count);
    if (count === 1 && answersFirst(requests.size)) response.end(answerFor(ID));
    else socket.destroy();
  });
  const running = await run(server, 'https');
  return Object.assign(running, {
    url: `https://localhost:${running.port}`,
    calls: () => [...requests.values()].reduce((sum, count) => sum + count, 0),
  });
}

function through(proxy: string): { readonly proxy: ProxySettings; readonly maxConnections: number } {
  return { proxy: { http: proxy, https: proxy, bypass: null }, maxConnections: 1 };
}

test('a break of a reused tunnel is repeated once, through a new tunnel', async () => {
  await using server = await startTlsServer(() => true);
  await using proxy = await startForwardProxy();
  await using harness = new Harness(server.url, through(proxy.origin));
  for (let call = 0; call < 3; call += 1) expect(await harness.read()).toMatchObject({ id: ID });
  expect(harness.kinds()).not.toContain('unanswered');
  expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT localhost:${server.port}`]));
});

test('a break of a new tunnel is not repeated, nor is a second break', async () => {
  await using server = await startTlsServer((connection) => connection === 1);
  await using proxy = await startForwardProxy();
  await using harness = new Harness(server.url, through(proxy.origin));
  await harness.read();
  await harness.failure();
  expect(server.calls()).toBe(3);
  await harness.failure();
  expect(server.calls()).toBe(4);
});

test('a reset of a reused connection to a proxy that forwards is repeated once', async () => {
  // The proxy itself answers the first request of each connection.
  await using proxy = await run(
    createServer((socket) => {
      let requests = 0;
      socket.on('data', (chunk) => {
        if (!String(chunk).includes('POST ')) return;
        requests += 1;
        const body = answerFor(ID);
        if (requests > 1) socket.resetAndDestroy();
        else socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
      });
    }),
  );
  await using harness = new Harness('http://a2e.invalid', through(proxy.origin));
  for (let call = 0; call < 3; call += 1) expect(await harness.read()).toMatchObject({ id: ID });
  expect(harness.kinds()).not.toContain('unanswered');
});

test('NODE_TLS_REJECT_UNAUTHORIZED=0 does not open a tunnel to an untrusted server', async () => {
  setDefaultCACertificates(authorities);
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    await using server = await startTlsServer(() => true);
    await using proxy = await startForwardProxy();
    await using harness = new Harness(server.url, through(proxy.origin));
    await harness.failure();
    expect(harness.kinds()).toEqual(['tls-failure']);
    expect(server.calls()).toBe(0);
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  }
});
