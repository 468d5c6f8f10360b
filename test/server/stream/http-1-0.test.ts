import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startPair } from '../../support/gateway.ts';
import { until } from '../../support/hostile-socket.ts';

const QUERY = encodeURIComponent('subscription { taskStatus(id: "job") { status } }');
const TYPES = ['text/event-stream', 'multipart/mixed;subscriptionSpec=1.0'];

/** Asks for a stream as a proxy does that speaks HTTP/1.0: the end of the connection is the end of the body. */
function openStream(gatewayUrl: string, accept: string): Socket {
  const socket = connect(Number(new URL(gatewayUrl).port), '127.0.0.1');
  socket.write(`GET /graphql?query=${QUERY} HTTP/1.0\r\nhost: localhost\r\naccept: ${accept}\r\n\r\n`);
  return socket;
}

it.each(TYPES)('%s that is not complete ends with a reset over HTTP/1.0, whichever way it ends', async (accept) => {
  for (const end of ['drain', Symbol.asyncDispose] as const) {
    await using pair = await startPair({ SHUTDOWN_GRACE_MS: '1000' });
    pair.simulator.setTask('job', { status: 'init' });
    const socket = openStream(pair.gateway.url, accept);
    await until(socket, '"INIT"');
    const closed = once(socket.resume(), 'end').then(
      () => 'complete',
      ({ code }) => code,
    );
    await pair.gateway[end]();
    expect([end, await closed]).toEqual([end, 'ECONNRESET']);
  }
});

it.each(TYPES)('%s that is complete ends without a reset over HTTP/1.0', async (accept) => {
  await using pair = await startPair();
  pair.simulator.setTask('job', { status: 'success' });
  expect(await text(openStream(pair.gateway.url, accept))).toMatch(/"SUCCESS".*(?:event: complete|--graphql--)/s);
});
