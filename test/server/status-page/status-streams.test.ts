import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { StatusStreams } from '../../../src/server/status-page/status-streams.ts';

/** Larger than the buffers of the sockets on both sides. */
const LARGE = Buffer.from(`event: history\ndata: ${'x'.repeat(16 * 1024 * 1024)}\n\n`);
const SMALL = Buffer.from('event: sample\ndata: {}\n\n');

interface Reader extends AsyncDisposable {
  readonly socket: Socket;
  readonly response: ServerResponse;
}

/** A client of a stream that reads nothing until its socket is resumed. */
async function startReader(streams: StatusStreams): Promise<Reader> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').pause();
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\nhost: localhost\r\n\r\n');
  const [, response] = (await once(server, 'request')) as [unknown, ServerResponse];
  streams.begin(response);
  return {
    socket,
    response,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('a slow reader buffers one event, and gets the history once it reads again', async () => {
  let histories = 0;
  const history = (): Buffer => (histories++ === 0 ? LARGE : Buffer.from('event: history\ndata: "new"\n\n'));
  using streams = new StatusStreams({ history, sample: () => SMALL }, 60_000);
  await using reader = await startReader(streams);
  const buffered = reader.response.writableLength;
  expect(buffered).toBeGreaterThan(0);
  for (let sample = 0; sample < 1_000; sample += 1) streams.publish();
  expect(reader.response.writableLength).toBeLessThanOrEqual(buffered);
  let received = '';
  reader.socket.on('data', (chunk) => {
    received = (received + chunk.toString('latin1')).slice(-200);
  });
  const drained = once(reader.response, 'drain');
  reader.socket.resume();
  await drained;
  streams.publish();
  streams.publish();
  await expect.poll(() => received).toMatch(/event: history\ndata: "new"\n\n.*event: sample/s);
  expect(histories).toBe(2);
});

test('a reader that takes no byte for the time allowed is disconnected at the next sample', async () => {
  using streams = new StatusStreams({ history: () => LARGE, sample: () => SMALL }, 0);
  await using reader = await startReader(streams);
  expect(streams.size).toBe(1);
  const closed = once(reader.response, 'close');
  streams.publish();
  await closed;
  expect(streams.size).toBe(0);
});
