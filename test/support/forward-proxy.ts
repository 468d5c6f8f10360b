import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { type RunningServer, run } from '../upstream/upstream-server.ts';

export interface ForwardProxy extends RunningServer {
  /** Method and target of each request. */
  readonly asked: readonly string[];
}

/** A forward proxy (RFC 9112, section 3.2.2, and `CONNECT`) that records its requests, and keeps connections to servers. */
export async function startForwardProxy(): Promise<ForwardProxy> {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    const { method = 'GET', headers } = incoming;
    const onward = request(incoming.url ?? '', { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => incoming.destroy());
    incoming.pipe(onward);
  });
  server.on('connect', ({ url = '' }, client) => {
    asked.push(`CONNECT ${url}`);
    const target = connect(Number(url.split(':')[1]), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(target).pipe(client);
    });
    target.on('error', () => client.destroy());
    client.on('error', () => target.destroy());
  });
  return Object.assign(await run(server), { asked });
}
