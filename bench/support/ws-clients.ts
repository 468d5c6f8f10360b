import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { arrived } from './arrival-times.ts';
import { inBatches } from './batches.ts';
import { expose } from './probe.ts';
import { SUBSCRIPTION, taskId } from './task.ts';

/** WebSocket subscribers in a process of their own. Each has a UUID for its subscription, as graphql-ws clients do. */
const next = Buffer.from('"type":"next"');

function subscribe(url: string, tasks: readonly string[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false, skipUTF8Validation: true });
  const acknowledged = (): void => {
    socket.on('message', (data: Buffer) => {
      // Every server writes the type within the first bytes.
      if (data.subarray(0, 96).includes(next)) arrived();
      else console.error('unexpected', data.toString());
    });
    for (const id of tasks) {
      const payload = { query: SUBSCRIPTION, variables: { id } };
      socket.send(JSON.stringify({ id: randomUUID(), type: 'subscribe', payload }));
    }
    socket.once('message', () => resolve());
  };
  socket.once('open', () => socket.send('{"type":"connection_init"}'));
  socket.once('message', acknowledged);
  socket.once('error', reject);
  socket.once('close', (code) => console.error('closed', code));
  return promise;
}

/** `sockets` sockets, each with `each` subscriptions, over `tasks` tasks; as fast as they can, or evenly over `overMs`. */
expose('connect', async (url: string, sockets: number, tasks: number, each = 1, overMs = 0) => {
  const connect = (socket: number): Promise<void> => {
    const ids = Array.from({ length: each }, (_, index) => taskId((socket * each + index) % tasks));
    return subscribe(url.replace('http', 'ws'), ids);
  };
  if (overMs === 0) return inBatches(sockets, connect);
  for (let socket = 0; socket < sockets; socket += 1) {
    await Promise.all([connect(socket), setTimeout(overMs / sockets)]);
  }
});
