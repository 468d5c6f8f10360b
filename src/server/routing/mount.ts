import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpServer } from './http-server.ts';

/** The two listeners by which another HTTP server serves the gateway. */
export interface Mountable {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** Serves requests and upgrades of another server below `path`, as if their URLs began behind it. */
export function mountable(server: HttpServer, path: string): Mountable {
  return {
    handler: (request, response) => server.handle(withoutPath(request, path), response),
    upgrade: (request, socket, head) => server.upgrade(withoutPath(request, path), socket as Socket, head),
  };
}

/** A router such as Express has removed the path from a request, but from no upgrade. */
function withoutPath(request: IncomingMessage, path: string): IncomingMessage {
  const { url = '/' } = request;
  if (path === '' || !url.startsWith(path)) return request;
  const rest = url.slice(path.length);
  if (rest === '' || rest.startsWith('?')) request.url = `/${rest}`;
  else if (rest.startsWith('/')) request.url = rest;
  return request;
}
