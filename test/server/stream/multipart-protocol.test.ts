import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, vi } from 'vitest';
import { KeepAlive } from '../../../src/server/stream/keep-alive.ts';
import { MULTIPART_FORMAT } from '../../../src/server/stream/multipart-format.ts';
import { startPair } from '../../support/gateway.ts';
import { openStream } from '../../support/sse-client.ts';

const WATCH = 'subscription { taskStatus(id: "job") { status } }';
const HEARTBEAT = '\r\ncontent-type: application/json\r\n\r\n{}\r\n--graphql';

it.each([
  'multipart/mixed;subscriptionSpec=1.0, application/json',
  'multipart/mixed;subscriptionSpec="1.0", application/json',
  'multipart/mixed; boundary="graphql"; subscriptionSpec=1.0, application/json',
])('answers Accept: %s with chunks of parts', async (accept) => {
  await using pair = await startPair();
  pair.simulator.setTask('job', { status: 'success' });
  await using stream = await openStream(pair.gateway.url, { query: WATCH, headers: { accept } });
  expect(stream.headers['transfer-encoding']).toBe('chunked');
  expect(stream.headers['content-type']).toMatch(/^multipart\/mixed; boundary="graphql"/);
  await stream.ended;
  const parts = stream.text().replaceAll(HEARTBEAT, '');
  const payload = '{"payload":{"data":{"taskStatus":{"status":"SUCCESS"}}}}';
  expect(parts).toBe(`\r\n--graphql\r\ncontent-type: application/json\r\n\r\n${payload}\r\n--graphql--\r\n`);
});

it('sends heartbeats, parts that are an empty object', async () => {
  using keepAlive = new KeepAlive(24);
  const server = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': MULTIPART_FORMAT.contentType }).write(MULTIPART_FORMAT.opening);
    keepAlive.add(response, MULTIPART_FORMAT.heartbeat);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  {
    await using stream = await openStream(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await vi.waitFor(() => expect(stream.text().split(HEARTBEAT).length).toBeGreaterThan(3), { timeout: 20_000 });
    expect(stream.text().replaceAll(HEARTBEAT, '')).toBe('\r\n--graphql');
  }
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
