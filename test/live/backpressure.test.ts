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
  const [outbound] = (await once(server, 'connection')) as [Socket];
  for (const socket of [reader, outbound]) {
    socket.on('error', () => {});
    stack.defer(() => void socket.destroy());
  }
  return { reader, outbound, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

function frame(index: number): EncodedResult {
  return new EncodedResult(`${FILLER}${index}\n`);
}

function createSubscriber(outbound: Socket, onStall: () => void, stallMs?: number) {
  const writer = new StreamWriter(outbound, { onStall, ...(stallMs === undefined ? {} : { stallMs }) });
  const sink = { next: ({ utf8 }: EncodedResult) => writer.write(utf8), end: () => void outbound.end('end\n') };
  return new Subscriber(sink, writer);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it('keeps one frame for a reader that has stopped, and gives it the newest and the last when it goes on', async () => {
  await using connection = await createConnection();
  const { reader, outbound } = connection;
  reader.pause();
  const subscriber = createSubscriber(outbound, () => expect.unreachable());
  let most = 0;
  for (let index = 1; index <= FRAMES; index += 1) {
    subscriber.next(frame(index));
    if (index % 10 === 0) await turn();
    most = Math.max(most, outbound.writableLength);
  }
  subscriber.end(null);
  expect(most).toBeLessThan(outbound.writableHighWaterMark + 2 * FRAME_BYTES);
  const lines = (await reader.map(String).reduce((all, chunk) => all + chunk, '')).trim().split('\n');
  const seen = lines.slice(0, -1).map((line) => Number(line.replace(FILLER, '')));
  expect(lines.at(-1)).toBe('end');
  expect(seen.at(-1)).toBe(FRAMES);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.length).toBeLessThan(FRAMES);
});

it('disconnects a reader that has stalled for the time-out', async () => {
  await using connection = await createConnection();
  const { reader, outbound } = connection;
  reader.pause();
  const subscriber = createSubscriber(outbound, () => outbound.destroy(), 200);
  const closed = once(outbound, 'close');
  for (let index = 1; index <= FRAMES; index += 1) {
    subscriber.next(frame(index));
    await turn();
  }
  const startedAt = performance.now();
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(2_000);
});

it('sends in one write the results of one iteration of the event loop', async () => {
  await using connection = await createConnection();
  const { reader, outbound } = connection;
  const writer = new StreamWriter(outbound, { onStall: () => {} });
  for (const text of ['a', 'b', 'c']) writer.write(Buffer.from(text));
  expect(outbound.writableLength).toBe(3);
  expect(String(await once(reader, 'data'))).toBe('abc');
});
