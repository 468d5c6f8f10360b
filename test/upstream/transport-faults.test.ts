import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { TlsFailure, UpstreamUnavailable } from '../../src/errors.ts';
import { type Fault, faultProxy } from '../support/fault-proxy.ts';
import { reference } from '../support/stall-detector.ts';
import { BODY_WORD, Harness, ID } from './harness.ts';
import { answerFor, run, say, serve } from './upstream-server.ts';

const TIMEOUT_MS = 250;
/** Where a good answer has to come in time as well, on a busy machine. */
const AMPLE_MS = 2_000;
const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

/** Sends one byte every 20 ms until the socket closes, so that no pause is long. */
function drip(socket: Socket): void {
  const timer = setInterval(() => socket.write(' '), 20);
  socket.on('close', () => clearInterval(timer));
}

async function expectTimeout(origin: string): Promise<void> {
  await using harness = new Harness(origin, { timeoutMs: TIMEOUT_MS });
  const beside = reference(TIMEOUT_MS);
  const startedAt = performance.now();
  expect(await harness.failure()).toBeInstanceOf(UpstreamUnavailable);
  expect(performance.now() - startedAt - (await beside)).toBeLessThan(TIMEOUT_MS);
  expect(harness.events).toEqual([{ kind: 'unanswered', ms: expect.any(Number), reason: 'TIMEOUT' }]);
}

describe('no answer', () => {
  test('refused', async () => {
    const server = await serve(() => {});
    await server[Symbol.asyncDispose]();
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toBeInstanceOf(UpstreamUnavailable);
    expect(harness.events).toEqual([{ kind: 'unanswered', ms: expect.any(Number), reason: 'ECONNREFUSED' }]);
  });

  test('no such host', async () => {
    await using harness = new Harness('http://a2e.invalid', { timeoutMs: 5000 });
    expect(await harness.failure()).toBeInstanceOf(UpstreamUnavailable);
    expect(harness.kinds()).toEqual(['unanswered']);
  });

  test.each([
    ['closed without a word', '', (socket: Socket) => socket.end()],
    ['reset without a word', '', (socket: Socket) => socket.resetAndDestroy()],
    ['reset in the headers', HEAD, (socket: Socket) => socket.resetAndDestroy()],
    ['reset in the body', `${HEAD}content-length: 500\r\n\r\n{"a":`, (socket: Socket) => socket.resetAndDestroy()],
    ['truncated in the headers', HEAD, (socket: Socket) => socket.end()],
    ['truncated in the body', `${HEAD}content-length: 500\r\n\r\n{"a":`, (socket: Socket) => socket.end()],
    ['truncated in a chunk', `${HEAD}transfer-encoding: chunked\r\n\r\nff\r\n{"a":`, (socket: Socket) => socket.end()],
    [
      'truncated between chunks',
      `${HEAD}transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n`,
      (socket: Socket) => socket.end(),
    ],
    ['not HTTP', `${BODY_WORD}\r\n\r\n`, () => {}],
    ['endless headers', `${HEAD}x: ${BODY_WORD.repeat(20_000)}`, () => {}],
  ])('%s', async (_name, bytes, then) => {
    await using server = await say(bytes, then);
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toBeInstanceOf(UpstreamUnavailable);
    expect(harness.kinds()).toEqual(['unanswered']);
  });
});

describe.concurrent('the deadline covers the whole call', () => {
  test('headers that never come', async () => {
    await using server = await serve(() => {});
    await expectTimeout(server.origin);
  });

  test('a drip of headers', async () => {
    await using server = await say(`${HEAD}x: `, drip);
    await expectTimeout(server.origin);
  });

  test.each(['content-length: 500', 'transfer-encoding: chunked'])('a drip of body, %s', async (header) => {
    await using server = await say(`${HEAD}${header}\r\n\r\n${header.endsWith('chunked') ? 'ffff\r\n' : ''}{`, drip);
    await expectTimeout(server.origin);
  });

  test('a peer that never finishes its handshake', async () => {
    await using server = await say('');
    await expectTimeout(server.origin.replace('http:', 'https:'));
  });

  test('a queue for a connection', async () => {
    await using server = await serve(() => {});
    await using harness = new Harness(server.origin, { timeoutMs: TIMEOUT_MS, maxConnections: 1 });
    const errors = await Promise.all([harness.failure(), harness.failure()]);
    expect(errors).toEqual([expect.any(UpstreamUnavailable), expect.any(UpstreamUnavailable)]);
  });

  test('the connection is gone, and the next call has a new one', async () => {
    await using server = await serve((_request, response) => {
      if (server.connections === 1) response.write('{');
      else response.end(answerFor(ID));
    });
    await using harness = new Harness(server.origin, { timeoutMs: AMPLE_MS, maxConnections: 1 });
    await harness.failure();
    expect((await harness.read())?.id).toBe(ID);
    expect(server.connections).toBe(2);
  });

  test('a 503 with a dripping body is still a 503 with its Retry-After', async () => {
    await using server = await say('HTTP/1.1 503 No\r\nretry-after: 7\r\ncontent-length: 500\r\n\r\n', drip);
    await using harness = new Harness(server.origin, { timeoutMs: AMPLE_MS });
    expect(await harness.failure()).toMatchObject({ code: 'UPSTREAM_UNAVAILABLE', retryAfterMs: 7000 });
    expect(harness.events).toMatchObject([{ kind: 'answered', status: 503 }]);
  });
});

describe.concurrent('through a faulty network', () => {
  test.each<Fault>([
    { kind: 'black-hole' },
    { kind: 'reset' },
    { kind: 'reset', afterBytes: 100 },
    { kind: 'truncate', afterBytes: 0 },
    { kind: 'truncate', afterBytes: 100 },
    { kind: 'truncate', afterBytes: 400 },
    { kind: 'drip', everyMs: 20 },
    { kind: 'latency', ms: 10_000 },
  ])('$kind, and well again after it', async (fault) => {
    await using server = await serve((_request, response) => response.end(answerFor(ID)));
    await using proxy = await faultProxy(server);
    await using harness = new Harness(`http://${proxy.host}:${proxy.port}`, { timeoutMs: AMPLE_MS });
    await harness.read();
    proxy.inject(fault);
    expect(await harness.failure()).toBeInstanceOf(UpstreamUnavailable);
    expect(await harness.failure()).toBeInstanceOf(UpstreamUnavailable);
    proxy.inject({ kind: 'none' });
    expect((await harness.read())?.id).toBe(ID);
    expect(proxy.accepted).toBeGreaterThan(1);
  });

  test.each<Fault>([
    { kind: 'latency', ms: 20 },
    { kind: 'drip', everyMs: 1, bytes: 50 },
    { kind: 'truncate', afterBytes: 1_000_000 },
  ])('$kind that can be borne', async (fault) => {
    await using server = await serve((_request, response) => response.end(answerFor(ID)));
    await using proxy = await faultProxy(server);
    await using harness = new Harness(`http://${proxy.host}:${proxy.port}`);
    proxy.inject(fault);
    expect((await harness.read())?.id).toBe(ID);
  });
});

describe('TLS', () => {
  const pem = readFileSync(new URL('self-signed.pem', import.meta.url));
  const { NODE_TLS_REJECT_UNAUTHORIZED: before } = process.env;

  afterEach(() => {
    if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before;
  });

  test.each(['1', '0'])('a self-signed certificate never passes (NODE_TLS_REJECT_UNAUTHORIZED=%s)', async (setting) => {
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = setting;
    let requests = 0;
    const tls = createTlsServer({ key: pem, cert: pem }, (_request, response) => {
      requests += 1;
      response.end(answerFor(ID));
    });
    await using server = await run(tls, 'https');
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toBeInstanceOf(TlsFailure);
    expect(harness.events).toEqual([
      { kind: 'tls-failure', ms: expect.any(Number), reason: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    ]);
    expect(requests).toBe(0);
  });

  test('a peer that does not speak TLS', async () => {
    await using server = await say('HTTP/1.1 400 Bad Request\r\n\r\n');
    await using harness = new Harness(server.origin.replace('http:', 'https:'));
    expect(await harness.failure()).toBeInstanceOf(TlsFailure);
    expect(harness.kinds()).toEqual(['tls-failure']);
  });
});
