import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import { openSocket } from '../support/ws-client.ts';
import { ROOT } from './markdown.ts';
import { snippet } from './snippet.ts';

const WATCHERS = 10;
const INTERVAL_MS = 200;
const CALLS = 6;

interface Example {
  startGateway(origin: string, env: Record<string, string>): Promise<Gateway>;
}

const code = await snippet('docs/another-source.md', 'An adapter', 'ts');

test('builds an adapter in under 60 lines', () => {
  expect(code.trimEnd().split('\n').length).toBeLessThan(60);
});

test('ten watchers of one task cost one call per interval', async () => {
  const calls: number[] = [];
  await using api = createServer((_request, response) => {
    calls.push(performance.now());
    const done = calls.length === CALLS;
    const state = { status: done ? 'succeeded' : 'processing', progress: calls.length };
    response.end(JSON.stringify({ ...state, output: done ? 'https://example.com/video.mp4' : null }));
  });
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
  await using folder = await mkdtempDisposable(join(ROOT, 'coverage-example-'));
  const file = join(folder.path, 'example.ts');
  await writeFile(file, code.replace("'video-task-gateway'", "'../src/index.ts'"));
  const { startGateway } = (await import(file)) as Example;
  const interval = { POLL_INTERVAL_MS: String(INTERVAL_MS), POLL_MAX_INTERVAL_MS: String(INTERVAL_MS) };
  const origin = `http://127.0.0.1:${(api.address() as AddressInfo).port}`;
  const env = { PORT: '0', LOG_LEVEL: 'silent', A2E_API_TOKEN: 'a-token', AUTH_MODE: 'open', ...interval };
  await using gateway = await startGateway(origin, env);
  const watch = async (): Promise<unknown> => {
    await using socket = await openSocket(gateway.url);
    socket.send({ type: 'connection_init' });
    socket.subscribe('1', 'subscription { taskStatus(id: "p1") { status resultUrl } }');
    return (await socket.ended('1')).filter(({ type }) => type === 'next').at(-1)?.payload;
  };
  const last = await Promise.all(Array.from({ length: WATCHERS }, watch));
  const state = { data: { taskStatus: { status: 'SUCCESS', resultUrl: 'https://example.com/video.mp4' } } };
  expect(last).toEqual(Array.from({ length: WATCHERS }, () => state));
  expect(calls.length).toBe(CALLS);
  const gaps = calls.slice(1).map((at, index) => at - (calls[index] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThan(INTERVAL_MS * 0.7);
});
