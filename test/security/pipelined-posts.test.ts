import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { GatewayProcess } from '../support/gateway-process.ts';
import { ask, post } from '../support/http-client.ts';
import { pipelinedPosts } from './pipelined-posts.ts';
import { residentKib } from './resident-memory.ts';

const LOOK = 'query($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';
/** Ordinary traffic, so that calm memory is that of a gateway at work. */
const CALM_QUERIES = 50;
/** Several times the requests that one connection may have under way, and several rounds of refusals. */
const ANSWERS = 300;
/** The requests of one connection that wait; past them the connection rests for a second. */
const PER_CONNECTION = 24;

it('1,500 pipelined POSTs of 100 ids with invented tokens leave a small process alive and quick', async () => {
  await using simulator = await startSimulator({ tokens: ['good'], latencyMs: 20 });
  await using gateway = await GatewayProcess.start({
    A2E_API_URL: simulator.url,
    AUTH_MODE: 'passthrough',
    NODE_OPTIONS: '--max-old-space-size=512',
  });
  const health = async (): Promise<number> => {
    const startedAt = performance.now();
    expect((await ask(`${gateway.url}/healthz`)).status).toBe(200);
    return performance.now() - startedAt;
  };
  const ids = Array.from({ length: 100 }, (_, index) => `calm-${index}`);
  for (let query = 0; query < CALM_QUERIES; query += 1) {
    const variables = { ids: ids.map((id) => `${id}-${query}`) };
    await post(gateway.url, LOOK, { variables, headers: { authorization: 'Bearer good' } });
    await health();
  }
  const calmKib = residentKib(gateway.pid);
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1');
  let answers = '';
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1');
  });
  socket.write(pipelinedPosts());
  const statuses = () => answers.match(/HTTP\/1\.1 \d{3}/g) ?? [];
  let peakKib = 0;
  let slowestMs = 0;
  const startedAt = performance.now();
  await expect
    .poll(
      async () => {
        slowestMs = Math.max(slowestMs, await health());
        peakKib = Math.max(peakKib, residentKib(gateway.pid));
        return statuses().length;
      },
      { timeout: 30_000, interval: 50 },
    )
    .toBeGreaterThan(ANSWERS);
  socket.destroy();
  const seconds = (performance.now() - startedAt) / 1_000;
  const served = statuses().filter((status) => status.endsWith('200'));
  expect(served.length).toBeLessThanOrEqual(PER_CONNECTION * (1 + seconds));
  expect(new Set(statuses())).toEqual(new Set(['HTTP/1.1 200', 'HTTP/1.1 503']));
  expect(answers).toMatch(/retry-after: 1\r\n/i);
  // The last response may have been cut.
  const refused = statuses().length - served.length - 1;
  expect(answers.match(/"code":"OVERLOADED","retryAfterSeconds":1/g)?.length).toBeGreaterThanOrEqual(refused);
  expect({ ratio: peakKib / calmKib, slowestMs }).toEqual({
    ratio: expect.toSatisfy((ratio: number) => ratio < 1.5),
    slowestMs: expect.toSatisfy((ms: number) => ms < 500),
  });
}, 60_000);
