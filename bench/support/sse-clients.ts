import { connect } from 'node:net';
import { arrived } from './arrival-times.ts';
import { inBatches } from './batches.ts';
import { expose } from './probe.ts';
import { SUBSCRIPTION, taskId } from './task.ts';

/** SSE subscribers in a process of their own. */
const event = Buffer.from('event: next');

function subscribe(url: URL, id: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const body = JSON.stringify({ query: SUBSCRIPTION, variables: { id } });
  const socket = connect(Number(url.port), url.hostname, () => {
    socket.write(
      `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: text/event-stream\r\n` +
        `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
  });
  socket.on('data', (data: Buffer) => {
    for (let at = data.indexOf(event); at >= 0; at = data.indexOf(event, at + event.length)) {
      arrived();
      resolve();
    }
  });
  socket.once('error', reject);
  socket.once('close', () => console.error('closed'));
  return promise;
}

expose('connect', async (url: string, sockets: number, tasks: number) => {
  await inBatches(sockets, (index) => subscribe(new URL(url), taskId(index % tasks)));
});
