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
  const socket = connect(Number(url.port), url.hostname, () => socket.write(request));
  let begun = false;
  socket.setNoDelay(true);
  // The least possible work, so that the clients are not the bottleneck. A response begins with its status and ends
  // with its JSON.
  socket.on('data', (data: Buffer) => {
    if (!begun && data.toString('latin1', 9, 12) !== '200') throw new Error(data.toString());
    begun = data.toString('latin1', data.length - 3) !== '}}}';
    if (begun) return;
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
