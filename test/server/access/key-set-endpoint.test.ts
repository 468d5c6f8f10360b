import { createServer, type RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { fetchKeySet } from '../../../src/server/access/key-set-endpoint.ts';
import { run } from '../../upstream/upstream-server.ts';

const never = new AbortController().signal;

test('a key set is fetched as JSON', async () => {
  await using server = await run(createServer((_request, response) => response.end('{"keys":[]}')));
  expect(await fetchKeySet({ url: server.origin }, never)).toEqual({ keys: [] });
});

const failures: readonly [string, string, RequestListener][] = [
  ['an error', 'HTTP 500', (_, response) => response.writeHead(500).end('secret')],
  ['a redirect', 'HTTP 302', (_, response) => response.writeHead(302, { location: '/' }).end()],
  ['what is no JSON', 'no key set', (_, response) => response.end('<html>')],
  ['too much', 'too large', (_, response) => response.end('['.repeat(1024 * 1024 + 1))],
  ['a reset', 'ECONNRESET', ({ socket }) => socket.resetAndDestroy()],
  ['silence', 'TIMEOUT', () => {}],
  ['the beginning alone', 'TIMEOUT', (_, response) => response.write('{"keys":')],
];
test.each(failures)('%s is the failure "%s"', async (_name, reason, listener) => {
  await using server = await run(createServer(listener));
  const timeoutMs = reason === 'TIMEOUT' ? 50 : 20_000;
  await expect(fetchKeySet({ url: server.origin, timeoutMs }, never)).rejects.toMatchObject({ reason });
});

test('a refused connection is named by its code', async () => {
  const { origin } = await run(createServer()).then(async (server) => {
    await server[Symbol.asyncDispose]();
    return server;
  });
  await expect(fetchKeySet({ url: origin }, never)).rejects.toMatchObject({ reason: 'ECONNREFUSED' });
});

test.each([
  ['without a reason', undefined],
  ['for a reason that is no code', new Error('a secret')],
])('a fetch that is given up %s fails at once, and shows no text', async (_how, reason) => {
  const disposal = new AbortController();
  await using server = await run(createServer(() => disposal.abort(reason)));
  const fetched = fetchKeySet({ url: server.origin }, disposal.signal);
  await expect(fetched).rejects.toMatchObject({ reason: 'UNKNOWN', message: 'UNKNOWN' });
});
