import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpServer } from './http-server.ts';

/** The two listeners by which another HTTP server serves the gateway. */
export interface Mountable {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** The fields that routers add to a request: Express `baseUrl`, and Express and Connect `originalUrl`. */
type RoutedRequest = IncomingMessage & { readonly baseUrl?: unknown; readonly originalUrl?: unknown };

/** A path that the gateway does not serve, so that its own 404 answers a URL outside of the path of the mount. */
const OUTSIDE = '/outside-of-the-mount';

/** Serves requests and upgrades of another server below `path`, as if their URLs began behind it. */
export function mountable(server: HttpServer, path: string): Mountable {
  return {
    handler: (request, response) => {
      // A path removed twice would give each address a second URL, which the rules of a router or a proxy do not cover.
      if (!isStripped(request, path)) removePath(request, path);
      server.handle(request, response);
    },
    upgrade: (request, socket, head) => {
      removePath(request, path);
      server.upgrade(request, socket as Socket, head);
    },
  };
}

/** Whether a router has removed the path from a request. A router removes the path from no upgrade. */
function isStripped({ baseUrl, originalUrl, url }: RoutedRequest, path: string): boolean {
  return (typeof baseUrl === 'string' && baseUrl !== '') || (path !== '' && originalUrl === `${path}${url}`);
}

function removePath(request: IncomingMessage, path: string): void {
  if (path === '') return;
  const { url = '/' } = request;
  const rest = url.startsWith(path) ? url.slice(path.length) : null;
  if (rest?.startsWith('/')) request.url = rest;
  else if (rest === '' || rest?.startsWith('?')) request.url = `/${rest}`;
  else request.url = OUTSIDE;
}
