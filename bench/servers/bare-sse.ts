import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expose } from '../support/probe.ts';
import { sampleResult, taskId } from '../support/task.ts';

/** The floor over SSE: `node:http` alone, and for each update one buffer that is written to every response. */
const responses = new Set<ServerResponse>();

const server = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.write(event(0));
  responses.add(response);
  response.once('close', () => responses.delete(response));
});

function event(progress: number): Buffer {
  return Buffer.from(`event: next\ndata: ${sampleResult(taskId(0), progress)}\n\n`);
}

expose('publish', (_tasks: number, progress: number) => {
  const at = performance.timeOrigin + performance.now();
  const update = event(progress);
  for (const response of responses) response.write(update);
  return at;
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`);
});
