import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { type Line, startOutageGateway, watchTasks } from '../support/outage-gateway.ts';

/** The defaults: an empty variable counts as unset. */
const DEFAULTS = { POLL_INTERVAL_MS: '', POLL_LINGER_MS: '', SHUTDOWN_GRACE_MS: '', POLL_MAX_INTERVAL_MS: '10000' };

test("A2E's host does not exist, default settings: a line at the first call, and away in /readyz and the metric", async () => {
  await using stack = new AsyncDisposableStack();
  const env = { ...DEFAULTS, A2E_API_URL: 'https://a2e.invalid', A2E_API_TOKEN: 'demo-token' };
  const gateway = stack.use(await GatewayProcess.start(env));
  await watchTasks(gateway.url, 1, stack);
  const lines = () => gateway.log.map((line) => JSON.parse(line) as Line).filter(({ level }) => level >= 40);
  await expect
    .poll(lines, { timeout: 30_000 })
    .toMatchObject([
      { msg: 'A2E fails', reason: expect.stringMatching(/^(?:ENOTFOUND|EAI_AGAIN|SILENCE)$/), level: 40 },
    ]);
  expect(Object.values(lines()[0]?.failures ?? {})).toEqual([1]);
  const word = async () => (await gateway.readiness()).body['upstream'];
  await expect.poll(word, { timeout: 30_000 }).toBe('away');
  expect(await gateway.metric('video_task_gateway_upstream_available')).toBe(0);
});

test('A2E accepts connections and never answers: known without a failed call, before the time-out', async () => {
  await using stack = new AsyncDisposableStack();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  stack.defer(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const env = { A2E_API_URL: `http://127.0.0.1:${port}`, UPSTREAM_TIMEOUT_MS: '120000' };
  const watched = stack.use(await startOutageGateway(env));
  await watchTasks(watched.gateway.url, 1, stack);
  expect(await watched.lines.find(({ msg }) => msg === 'A2E fails')).toMatchObject({ reason: 'SILENCE', level: 40 });
  expect(await (await fetch(`${watched.gateway.url}/readyz`)).json()).toMatchObject({ upstream: 'away' });
  expect(watched.lines.all).toHaveLength(1);
});
