import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';

const TOKEN = 'a-webhook-token';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair({ WEBHOOK_TOKEN: TOKEN });
});
afterAll(() => pair[Symbol.asyncDispose]());

/** Everything that is answered to a request which asks that the connection be closed after it. */
async function raw(head: string, body = ''): Promise<string> {
  const socket = connectTcp(Number(new URL(pair.gateway.url).port), '127.0.0.1');
  socket.write(`${head}\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  return await text(socket);
}

const UPGRADE =
  'connection: close, Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAoAAAAAIAAAAA';

it.each([
  ['GET /healthz HTTP/1.1', '', 200],
  ['GET / HTTP/1.1', '', 200],
  ['POST /graphql HTTP/1.1\r\ncontent-type: application/json', '{"query":"{ __typename }"}', 200],
  [`POST /webhooks/a2e HTTP/1.1\r\nx-a2e-webhook-token: ${TOKEN}`, '{}', 204],
])('an offer to upgrade to HTTP/2 is ignored, and the request is answered: %s', async (line, body, status) => {
  expect(await raw(`${line}\r\n${UPGRADE}`, body)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
});

it('says that a connection is kept for longer than proxies keep theirs', async () => {
  const { headers } = await ask(`${pair.gateway.url}/healthz`, { headers: { connection: 'keep-alive' } });
  expect(headers['keep-alive']).toBe('timeout=75');
});
