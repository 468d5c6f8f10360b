import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { getIntrospectionQuery } from 'graphql';
import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createGateway, type Gateway } from '../../../src/gateway.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { DEFAULT_TIMEOUTS } from '../../../src/server/limits/timeouts.ts';
import { type Simulator, startSimulator } from '../../../src/simulator/simulator.ts';
import { TOKEN } from '../../support/gateway.ts';
import { HANDSHAKE } from '../../support/hostile-socket.ts';
import { post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { connect } from '../../support/ws-client.ts';

const STALL_MS = 400;
const WATCH = 'subscription { taskStatus(id: "job") { progress } }';
const PAGE = 'GET /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/html\r\n\r\n';
/** A long response, because a connection has few requests answered per second when it pipelines. */
const QUERY = `GET /graphql?query=${encodeURIComponent(getIntrospectionQuery())} HTTP/1.1\r\nhost: localhost\r\naccept: application/json\r\n\r\n`;

function startImpatient(simulator: Simulator): Promise<Gateway> {
  const env = { PORT: '0', LOG_LEVEL: 'silent', A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN };
  const config = loadConfig({ ...env, POLL_INTERVAL_MS: '100', POLL_MAX_INTERVAL_MS: '100' });
  return createGateway(config, {
    log: createLogger('silent', process.stderr),
    timeouts: { ...DEFAULT_TIMEOUTS, stallMs: STALL_MS },
  });
}

/** The gateway's end of a connection: what its client does not read it does not learn from its own. */
async function connectBothEnds(gatewayUrl: string): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const { promise, resolve } = Promise.withResolvers<Socket>();
  const client = connectTcp(Number(new URL(gatewayUrl).port), '127.0.0.1');
  const accepted = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket };
    if (socket.remotePort === client.localPort) resolve(socket);
  };
  diagnostics.subscribe('net.server.socket', accepted);
  const server = await promise.finally(() => diagnostics.unsubscribe('net.server.socket', accepted));
  return { client: client.on('error', () => {}), server };
}

test.each([
  ['a page', PAGE, 20],
  ['queries', QUERY, 2_000],
])(
  'a client that asks for %s and does not read is cut off, and a client that reads is not',
  async (_what, request, times) => {
    await using simulator = await startSimulator({ tokens: [TOKEN] });
    simulator.setTask('job', { status: 'process', process: 1 });
    await using gateway = await startImpatient(simulator);
    await using stream = await openStream(gateway.url, { query: WATCH });
    await using socket = await connect(gateway.url);
    socket.subscribe('w', WATCH);
    await stream.events.count(1);
    await socket.messages.find(({ type }) => type === 'next');

    const { client, server } = await connectBothEnds(gateway.url);
    client.pause();
    client.write(request.repeat(times));
    await once(server, 'close');

    simulator.setTask('job', { status: 'process', process: 2 });
    expect(await stream.events.find(({ data }) => JSON.stringify(data).includes('"progress":2'))).toBeDefined();
    expect(await socket.messages.find((message) => JSON.stringify(message).includes('"progress":2'))).toBeDefined();
    client.destroy();
  },
);

test.each([
  ['by the gateway', HANDSHAKE.replace('/graphql', '/nowhere')],
  ['by ws', HANDSHAKE.replace('version: 13', 'version: 1')],
])('a client that does not read is cut off, even if an upgrade was refused meanwhile %s', async (_name, upgrade) => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  await using gateway = await startImpatient(simulator);
  const { client, server } = await connectBothEnds(gateway.url);
  client.pause();
  client.write(PAGE.repeat(20));
  await expect.poll(() => server.writableLength).toBeGreaterThan(0);
  client.write(upgrade);
  await once(server, 'close');
  client.destroy();
});

test('a client that waits for its answer is not cut off', async () => {
  await using simulator = await startSimulator({ tokens: [TOKEN] });
  simulator.setTask('job', { status: 'process', process: 1 });
  await using gateway = await startImpatient(simulator);
  simulator.setLatency(4 * STALL_MS);
  const answer = await post(gateway.url, '{ videoTask(id: "job") { progress } }');
  expect(answer.json()).toEqual({ data: { videoTask: { progress: 1 } } });
});
