import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { expect, test } from 'vitest';
import { startForwardProxy } from '../support/forward-proxy.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { KeySet } from '../support/key-set.ts';
import { answerFor, run } from '../upstream/upstream-server.ts';

const CERTIFICATE = new URL('../upstream/self-signed.pem', import.meta.url).pathname;
const ID = 'task-1';

function answerAsA2e(incoming: IncomingMessage, response: ServerResponse): void {
  incoming.resume().once('end', () => response.end(answerFor(ID)));
}

async function statusOf(gateway: GatewayProcess, token?: string): Promise<unknown> {
  const url = `${gateway.url}/graphql?query=${encodeURIComponent(`{ videoTask(id: "${ID}") { status } }`)}`;
  return (await fetch(url, token === undefined ? {} : { headers: { authorization: `Bearer ${token}` } })).json();
}

const FOUND = { data: { videoTask: { status: 'SUCCESS' } } };

test('calls to A2E and to the key set go through HTTP_PROXY, except to hosts in no_proxy', async () => {
  await using proxy = await startForwardProxy();
  const { asked } = proxy;
  await using upstream = await run(createServer(answerAsA2e));
  await using keys = await KeySet.start();
  await keys.add('one');
  const token = await keys.sign('one', { tasks: '*' });
  const env = {
    A2E_API_URL: upstream.origin,
    A2E_API_TOKEN: 'demo-token',
    AUTH_MODE: 'jwt',
    AUTH_JWKS_URL: keys.url,
    HTTP_PROXY: proxy.origin,
  };
  await using through = await GatewayProcess.start(env);
  await expect.poll(() => statusOf(through, token)).toEqual(FOUND);
  expect(asked.toSorted()).toEqual([`GET ${keys.url}`, `POST ${upstream.origin}/api/v1/video/awsResult`]);
  await using straight = await GatewayProcess.start({ ...env, no_proxy: 'example.com,127.0.0.1' });
  await expect.poll(() => statusOf(straight, token)).toEqual(FOUND);
  expect(asked).toHaveLength(2);
});

test('https_proxy tunnels, and NODE_EXTRA_CA_CERTS names an authority of your own', async () => {
  await using proxy = await startForwardProxy();
  const { asked } = proxy;
  const pem = readFileSync(CERTIFICATE);
  await using upstream = await run(createHttpsServer({ key: pem, cert: pem }, answerAsA2e), 'https');
  const env = {
    A2E_API_URL: `https://localhost:${upstream.port}`,
    A2E_API_TOKEN: 'demo-token',
    https_proxy: proxy.origin,
  };
  await using trusting = await GatewayProcess.start({ ...env, NODE_EXTRA_CA_CERTS: CERTIFICATE });
  expect(await statusOf(trusting)).toEqual(FOUND);
  expect(asked).toEqual([`CONNECT localhost:${upstream.port}`]);
  await using strict = await GatewayProcess.start(env);
  expect(await statusOf(strict)).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
});
