import { createHash } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  AccessDenied,
  TokenRefused,
  UpstreamBadResponse,
  UpstreamRateLimited,
  UpstreamUnavailable,
} from '../../src/errors.ts';
import { BODY_WORD, Harness, ID } from './harness.ts';
import { answerFor, serve } from './upstream-server.ts';

const MEBIBYTE = 1024 * 1024;

describe('HTTP statuses', () => {
  test.each([
    [400, UpstreamBadResponse],
    [401, TokenRefused],
    [402, UpstreamBadResponse],
    [403, AccessDenied],
    [405, UpstreamBadResponse],
    [408, UpstreamUnavailable],
    [409, UpstreamUnavailable],
    [418, UpstreamBadResponse],
    [425, UpstreamUnavailable],
    [429, UpstreamRateLimited],
    [300, UpstreamBadResponse],
    [304, UpstreamBadResponse],
    [500, UpstreamUnavailable],
    [502, UpstreamUnavailable],
    [503, UpstreamUnavailable],
    [504, UpstreamUnavailable],
    [599, UpstreamUnavailable],
  ])('%i', async (status, expected) => {
    await using server = await serve((_request, response) => {
      response
        .writeHead(status, { 'x-note': BODY_WORD })
        .end(status === 304 ? undefined : answerFor(ID, { msg: BODY_WORD }));
    });
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toBeInstanceOf(expected);
    expect(harness.events[0]).toMatchObject({ kind: 'answered', status });
  });

  test.each([429, 503])('%i with Retry-After', async (status) => {
    // The clock of A2E is an hour ahead.
    const [date, inAMinute] = [3600, 3660].map((seconds) => new Date(Date.now() + seconds * 1000).toUTCString());
    const values = ['7', inAMinute, '0', '99999', 'garbage', undefined];
    await using server = await serve((_request, response) => {
      const value = values.shift();
      if (value !== undefined) response.setHeader('retry-after', value);
      response.writeHead(status, { date }).end();
    });
    await using harness = new Harness(server.origin, { maxConnections: 1 });
    const heard: unknown[] = [];
    while (values.length > 0) heard.push(await harness.failure());
    const waits = heard.map((error) => (error as UpstreamRateLimited | UpstreamUnavailable).retryAfterMs);
    expect(waits).toEqual([7000, 60_000, 1000, 300_000, null, null]);
    expect(server.connections).toBe(1);
  });

  test.each([301, 302, 303, 307, 308])('%i is not followed: the other server receives no request', async (status) => {
    await using other = await serve((_request, response) => response.end(answerFor(ID)));
    await using server = await serve((_request, response) => {
      response.writeHead(status, { location: `${other.origin}/api/v1/video/awsResult` }).end();
    });
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE', reason: 'redirect' });
    expect(other.connections).toBe(0);
  });
});

describe('200 with something else', () => {
  test.each([
    ['html', `<!doctype html><p>${BODY_WORD}</p>`],
    ['not-json', ''],
    ['not-json', `{"code":0,"data":"${BODY_WORD}`],
    ['not-json', BODY_WORD],
    ['wrong-shape', `["${BODY_WORD}"]`],
    ['wrong-shape', `{"code":0,"data":[{"_id":"${ID}","msg":"${BODY_WORD}"}]}`],
    ['nonzero-code', `{"code":1001,"msg":"${BODY_WORD}"}`],
    ['not-json', '['.repeat(500_000)],
    ['wrong-shape', `${'['.repeat(500_000)}${']'.repeat(500_000)}`],
  ])('%s: %.40s', async (reason, body) => {
    await using server = await serve((_request, response) => response.end(body));
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toBeInstanceOf(UpstreamBadResponse);
    const hash = createHash('sha256').update(body).digest('hex').slice(0, 16);
    expect(harness.events[1]).toEqual({ kind: 'contract-violation', reason, status: 200, length: body.length, hash });
  });

  test('code 401 is a refused token', async () => {
    await using server = await serve((_request, response) => response.end('{"code":401}'));
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toBeInstanceOf(TokenRefused);
    expect(harness.kinds()).toEqual(['answered']);
  });

  test('a byte order mark does no harm', async () => {
    await using server = await serve((_request, response) => response.end(`\u{feff}${answerFor(ID)}`));
    await using harness = new Harness(server.origin);
    expect((await harness.read())?.id).toBe(ID);
  });
});

describe('content encodings', () => {
  test.each([
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['identity', Buffer.from],
  ])('%s, though not asked for', async (encoding, encode: (text: string) => Buffer) => {
    await using server = await serve((_request, response) => {
      response.setHeader('content-encoding', encoding).end(encode(answerFor(ID)));
    });
    await using harness = new Harness(server.origin);
    expect((await harness.read())?.id).toBe(ID);
  });

  test.each([
    ['encoding', 'gzip', Buffer.from(BODY_WORD)],
    ['encoding', 'gzip', gzipSync(answerFor(ID)).subarray(0, 50)],
    ['encoding', 'gzip, gzip', gzipSync(gzipSync(answerFor(ID)))],
    ['encoding', 'constructor', Buffer.from(answerFor(ID))],
    ['too-large', 'gzip', gzipSync(Buffer.alloc(100 * MEBIBYTE))],
    ['too-large', 'br', brotliCompressSync(Buffer.alloc(MEBIBYTE + 1))],
    ['too-large', 'deflate', deflateSync(Buffer.alloc(MEBIBYTE + 1))],
  ])('%s: %s', async (reason, encoding, body) => {
    await using server = await serve((_request, response) => {
      response.setHeader('content-encoding', encoding).end(body);
    });
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toMatchObject({ code: 'UPSTREAM_BAD_RESPONSE', reason });
  });
});

describe('size', () => {
  test('exactly 1 MiB is read', async () => {
    const padding = ' '.repeat(MEBIBYTE - answerFor(ID).length);
    await using server = await serve((_request, response) => response.end(answerFor(ID) + padding));
    await using harness = new Harness(server.origin);
    expect((await harness.read())?.id).toBe(ID);
  });

  test('one byte more is refused', async () => {
    const padding = ' '.repeat(MEBIBYTE + 1 - answerFor(ID).length);
    await using server = await serve((_request, response) => response.end(answerFor(ID) + padding));
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toMatchObject({ reason: 'too-large' });
    expect(harness.events[1]).toMatchObject({ kind: 'contract-violation', length: MEBIBYTE });
  });

  test('an endless body is cut off with its connection', async () => {
    const cut = Promise.withResolvers<void>();
    await using server = await serve((request, response) => {
      const more = (): void => {
        while (response.write(' '.repeat(65_536)));
      };
      response.on('drain', more);
      request.socket.on('close', () => cut.resolve());
      more();
    });
    await using harness = new Harness(server.origin);
    expect(await harness.failure()).toMatchObject({ reason: 'too-large' });
    await cut.promise;
  });
});
