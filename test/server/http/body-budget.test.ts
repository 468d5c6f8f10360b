import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startPair } from '../../support/gateway.ts';
import { until } from '../../support/hostile-socket.ts';
import { ask, post } from '../../support/http-client.ts';

const MEBIBYTE = 1024 * 1024;
/** An address holds half of the budget of 64 MiB. */
const MAX_BODY_BYTES = 8 * MEBIBYTE;
const BODIES_PER_ADDRESS = 4;
const TOKEN = 'a-webhook-token-of-thirty-two-ch';

const HEADS = {
  '/webhooks/a2e': `x-a2e-webhook-token: ${TOKEN}\r\n`,
  '/graphql': 'content-type: application/json\r\n',
} as const;
type Path = keyof typeof HEADS;

/** A POST that has announced its body and not sent it. `expect` makes the gateway tell when it reads the body. */
async function begin(url: string, path: Path, length: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {});
  const reading = until(socket, '100 Continue');
  socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n${HEADS[path]}${length}\r\n\r\n`);
  await reading;
  return socket;
}

function callWebhook(url: string) {
  return ask(`${url}/webhooks/a2e`, { method: 'POST', headers: { 'x-a2e-webhook-token': TOKEN }, body: '{}' });
}

test.each([
  ['/webhooks/a2e', `content-length: ${MAX_BODY_BYTES}`],
  ['/webhooks/a2e', 'transfer-encoding: chunked'],
  ['/graphql', `content-length: ${MAX_BODY_BYTES}`],
  ['/graphql', 'transfer-encoding: chunked'],
] as const)('bodies of %s with %s that are being read are bounded', async (path, length) => {
  await using pair = await startPair({ WEBHOOK_TOKEN: TOKEN, MAX_BODY_BYTES: `${MAX_BODY_BYTES}` });
  const { url } = pair.gateway;
  const sockets: Socket[] = [];
  for (let n = 0; n < BODIES_PER_ADDRESS; n += 1) sockets.push(await begin(url, path, length));
  const [webhook, query] = [await callWebhook(url), await post(url, '{ __typename }')];
  expect([webhook.status, webhook.headers['retry-after']]).toEqual([503, '1']);
  expect([query.status, query.headers['retry-after']]).toEqual([503, '1']);
  for (const socket of sockets) {
    socket.destroy();
    await once(socket, 'close');
  }
  await expect.poll(async () => (await callWebhook(url)).status).toBe(204);
  expect((await post(url, '{ __typename }')).status).toBe(200);
});

test('a webhook call with a wrong token takes no part of the budget', async () => {
  await using pair = await startPair({ WEBHOOK_TOKEN: TOKEN, MAX_BODY_BYTES: `${MAX_BODY_BYTES}` });
  const { url } = pair.gateway;
  const head = `POST /webhooks/a2e HTTP/1.1\r\nhost: localhost\r\nx-a2e-webhook-token: wrong\r\n`;
  const sockets = Array.from({ length: 2 * BODIES_PER_ADDRESS }, () => connect(Number(new URL(url).port), '127.0.0.1'));
  const refused = sockets.map((socket) => until(socket, 'HTTP/1.1 401'));
  for (const socket of sockets) socket.write(`${head}content-length: ${MAX_BODY_BYTES}\r\n\r\n`);
  await Promise.all(refused);
  expect((await callWebhook(url)).status).toBe(204);
  for (const socket of sockets) socket.destroy();
});
