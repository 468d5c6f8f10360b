import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startGateway } from '../support/gateway.ts';
import { view } from '../support/viewer.ts';
import { CREDENTIAL, Harness } from './harness.ts';
import { answerFor, type RunningServer, run } from './upstream-server.ts';

const ID = 'task-1';
const ROW = { status: 'process', result: '', process: 10 };

interface InterimServer extends RunningServer {
  /** The interim response before every response; null: none. */
  interim: string | null;
  requests: number;
}

async function startServer(interim: string | null): Promise<InterimServer> {
  const server = createServer((socket) => {
    socket.on('data', (chunk) => {
      if (!String(chunk).includes('POST ')) return;
      state.requests += 1;
      if (state.interim !== null) socket.write(`HTTP/1.1 ${state.interim}\r\n\r\n`);
      const body = answerFor(ID, ROW);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
    });
  });
  const state = Object.assign(await run(server), { interim, requests: 0 });
  return state;
}

test.each(['102 Processing', '103 Early Hints\r\nlink: </a>; rel=preload'])('%j is ignored', async (interim) => {
  await using server = await startServer(interim);
  await using harness = new Harness(server.origin);
  for (let call = 0; call < 3; call += 1) {
    expect(await harness.client.read(ID, CREDENTIAL)).toMatchObject({ id: ID, progress: 10 });
  }
});

// undici 8 destroys the connection: `onHeadersComplete` in lib/dispatcher/client-h1.js. docs/operations.md says so.
test('100 Continue fails its call, which is not repeated, and no later one', async () => {
  await using server = await startServer(null);
  await using harness = new Harness(server.origin);
  await harness.client.read(ID, CREDENTIAL);
  server.interim = '100 Continue';
  await harness.failure();
  expect(harness.events.at(-1)).toMatchObject({ kind: 'unanswered', reason: 'UND_ERR_SOCKET' });
  expect(server.requests).toBe(2);
  server.interim = null;
  expect(await harness.client.read(ID, CREDENTIAL)).toMatchObject({ id: ID });
});

test('100 Continue is a missed poll: the viewer keeps the last state, stale, until A2E omits it', async () => {
  await using server = await startServer(null);
  await using gateway = await startGateway({ A2E_API_URL: server.origin, A2E_API_TOKEN: 'demo-token' });
  await using viewer = await view(gateway.url, 'SSE', ID);
  await viewer.states.count(1);
  server.interim = '100 Continue';
  await viewer.states.count(2);
  const missed = server.requests;
  await expect.poll(() => server.requests).toBeGreaterThan(missed + 2);
  server.interim = null;
  await viewer.states.count(3);
  const shown = viewer.states.all.map(({ progress, stale }) => ({ progress, stale }));
  expect(shown).toEqual([false, true, false].map((stale) => ({ progress: 10, stale })));
  expect(viewer.errors.all).toEqual([]);
});
