import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { buildImage, type Image } from '../support/image.ts';
import { StartedServer } from '../support/started-server.ts';
import { connect } from '../support/ws-client.ts';

const GRACE_MS = 4_000;

let image: Image;

beforeAll(async () => {
  image = await buildImage();
});

afterAll(() => image[Symbol.asyncDispose]());

test('holds the built package and its dependencies alone', async () => {
  expect((await readdir(join(image.root, 'app'))).toSorted()).toEqual([
    'LICENSE',
    'dist',
    'node_modules',
    'package.json',
  ]);
  const packages = await readdir(join(image.root, 'app/node_modules'));
  expect(packages).toEqual(expect.arrayContaining(['graphql', 'undici']));
  expect(packages).not.toEqual(expect.arrayContaining(['typescript']));
});

test('serves from a read-only root without a shell, and ends with 0 at SIGTERM within the grace period', async () => {
  await using simulator = await startSimulator();
  const upstream = { A2E_API_URL: simulator.url, A2E_API_TOKEN: 'demo-token', AUTH_MODE: 'open' };
  const env = { ...image.env, ...upstream, HOST: '127.0.0.1', PORT: '0', SHUTDOWN_GRACE_MS: `${GRACE_MS}` };
  await using server = new StartedServer(image.start(), env);
  const url = await server.url();
  await using client = await connect(url);
  client.subscribe('w', 'subscription { taskStatus(id: "demo-success") { status } }');
  await client.messages.find(({ type }) => type === 'next');
  server.signal('SIGTERM');
  const signalled = performance.now();
  expect(await server.exited).toEqual({ code: 0, signal: null });
  expect(performance.now() - signalled).toBeLessThan(GRACE_MS + 1_000);
});

test('shows the demo with --demo', async () => {
  await using server = new StartedServer(image.start('--demo'), { ...image.env, HOST: '127.0.0.1', PORT: '0' });
  const answer = await fetch(`${await server.url()}/graphql`, { headers: { accept: 'text/html' } });
  expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('GraphiQL')]);
  server.signal('SIGTERM');
  expect(await server.exited).toEqual({ code: 0, signal: null });
});
