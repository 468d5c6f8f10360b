import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
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
  const server = createBackend({ a2e: { url: a2eUrl, token: 'demo-token' }, gateway, secret: SECRET });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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
