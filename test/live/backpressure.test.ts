import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { EncodedResult } from '../../src/live/encoded-result.ts';
import { StreamWriter } from '../../src/live/stream-writer.ts';
import { Subscriber } from '../../src/live/subscriber.ts';

const FRAMES = 2_000;
const FRAME_BYTES = 10_000;
const FILLER = 'x'.repeat(FRAME_BYTES);

/** Both ends of a TCP connection. */
async function createConnection() {
  const stack = new AsyncDisposableStack();
  const server = createServer().listen(0, '127.0.0.1');
  stack.defer(() => void server.close());
  await once(server, 'listening');
  const reader = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [writer] = (await once(server, 'connection')) as [Socket];
  for (const socket of [reader, writer]) {
    socket.on('error', () => {});
    stack.defer(() => void socket.destroy());
  }
  return { reader, writer, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function frame(index: number): EncodedResult {
  return new EncodedResult(`${FILLER}${index}\n`);
}

function createDelivery(writer: Socket, onStall: () => void, stallMs?: number) {
  const outlet = new StreamWriter(writer, { onStall, ...(stallMs === undefined ? {} : { stallMs }) });
  const wire = { next: ({ utf8 }: EncodedResult) => outlet.write(utf8), end: () => void writer.end('end\n') };
  return new Subscriber(wire, outlet);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it('keeps one frame for a reader that has stopped, and gives it the newest and the last when it goes on', async () => {
  await using connection = await createConnection();
  const { reader, writer } = connection;
  reader.pause();
  const delivery = createDelivery(writer, () => expect.unreachable());
  let most = 0;
  for (let index = 1; index <= FRAMES; index += 1) {
    delivery.next(frame(index));
    if (index % 10 === 0) await turn();
    most = Math.max(most, writer.writableLength);
  }
  delivery.end(null);
  expect(most).toBeLessThan(writer.writableHighWaterMark + 2 * FRAME_BYTES);
  const lines = (await reader.map(String).reduce((all, chunk) => all + chunk, '')).trim().split('\n');
  const seen = lines.slice(0, -1).map((line) => Number(line.replace(FILLER, '')));
  expect(lines.at(-1)).toBe('end');
  expect(seen.at(-1)).toBe(FRAMES);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.length).toBeLessThan(FRAMES);
});

it('disconnects a reader that takes nothing for long enough', async () => {
  await using connection = await createConnection();
  const { reader, writer } = connection;
  reader.pause();
  const delivery = createDelivery(writer, () => writer.destroy(), 200);
  const closed = once(writer, 'close');
  for (let index = 1; index <= FRAMES; index += 1) {
    delivery.next(frame(index));
    await turn();
  }
  const startedAt = performance.now();
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

it('leaves in one write what is written in one turn of the event loop', async () => {
  await using connection = await createConnection();
  const { reader, writer } = connection;
  const outlet = new StreamWriter(writer, { onStall: () => {} });
  for (const text of ['a', 'b', 'c']) outlet.write(Buffer.from(text));
  expect(writer.writableLength).toBe(3);
  expect(String(await once(reader, 'data'))).toBe('abc');
});
