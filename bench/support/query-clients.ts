import { connect } from 'node:net';
import { expose } from './probe.ts';
import { QUERY, taskId } from './task.ts';

/** Dashboards that poll: each connection sends its next query when the answer has come. */
let answered = 0;
let stopped = true;

function poll(url: URL): void {
  const body = JSON.stringify({ query: QUERY, variables: { id: taskId(0) } });
  const request =
    `POST ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\nAccept: application/json\r\n` +
    `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  let received = '';
  const socket = connect(Number(url.port), url.hostname, () => socket.write(request));
  socket.setNoDelay(true);
  socket.on('data', (data: Buffer) => {
    received += data.toString('latin1');
    const end = received.indexOf('\r\n\r\n');
    const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
    if (end < 0 || received.length < end + 4 + length) return;
    if (!received.startsWith('HTTP/1.1 200') || !received.includes('"progress":')) throw new Error(received);
    received = '';
    answered += 1;
    if (stopped) socket.destroy();
    else socket.write(request);
  });
}

expose('start', (url: string, connections: number) => {
  stopped = false;
  for (let index = 0; index < connections; index += 1) poll(new URL(url));
});
expose('stop', () => {
  stopped = true;
});
expose('count', () => answered);
