import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { KeepAlive } from '../../../src/server/stream/keep-alive.ts';
import { openStream } from '../../support/sse-client.ts';

it('writes comments to a stream until it has closed', async () => {
  using keepAlive = new KeepAlive(24);
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => {
    responses.push(response);
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    keepAlive.add(response, Buffer.from(': alive\n\n'));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  {
    await using stream = await openStream(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await stream.comments.count(3);
    expect(stream.comments.all[0]).toBe(': alive');
  }
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
  expect(responses).toHaveLength(1);
});
