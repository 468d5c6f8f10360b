import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { reply } from '../http/reply.ts';
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

/** The segments of a path, each after a slash, or nothing. */
const MOUNT_PATH = /^(?:\/[\w.~!$&'()*+,;=:@%-]+)*$/;

/** Serves requests and upgrades of another server below `path`, as if their URLs began behind it. Throws a `TypeError`. */
export function mountable(server: HttpServer, path: string): Mountable {
  const mount = mountPath(path);
  return {
    handler: (request, response) => {
      const asked = request.url;
      removePath(request, remainingPath(request, mount));
      const directory = missingSlash(request, asked);
      if (directory === null) server.handle(request, response);
      else reply(response, 307, { location: directory }, '');
    },
    upgrade: (request, socket, head) => {
      removePath(request, mount);
      server.upgrade(request, socket as Socket, head);
    },
  };
}

/** The path as URLs begin with it: `video` and `/video/` are `/video`, and `/` is the empty one. */
function mountPath(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '');
  const mount = trimmed === '' ? '' : `/${trimmed}`;
  if (MOUNT_PATH.test(mount)) return mount;
  throw new TypeError(`path must be the path of a URL, such as /video, and is ${JSON.stringify(path)}`);
}

/**
 * The part of the path that no router has removed from a request yet; a router removes nothing from an upgrade. A path removed
 * twice would give each address a second URL, which the rules of a router or a proxy do not cover.
 */
function remainingPath({ baseUrl, originalUrl, url = '/' }: RoutedRequest, path: string): string {
  if (typeof baseUrl === 'string' && baseUrl !== '')
    return path.startsWith(`${baseUrl}/`) ? path.slice(baseUrl.length) : '';
  // Connect writes the slash that `/video` lacks.
  const possible = [url, url.replace(/^\/(?=\?|$)/, '')].map((rest) => path + rest);
  return path !== '' && possible.includes(String(originalUrl)) ? '' : path;
}

/**
 * The relative reference to the watch page for a URL without its slash at the end, from which the page would load its files
 * beside the mount; null: the URL is another one.
 */
function missingSlash({ method, originalUrl, url = '/' }: RoutedRequest, asked = '/'): string | null {
  if ((method !== 'GET' && method !== 'HEAD') || !/^\/(?:\?|$)/.test(url)) return null;
  const [path = ''] = (typeof originalUrl === 'string' ? originalUrl : asked).split('?', 1);
  return path.endsWith('/') ? null : `./${path.slice(path.lastIndexOf('/') + 1)}${url}`;
}

function removePath(request: IncomingMessage, path: string): void {
  if (path === '') return;
  const { url = '/' } = request;
  const rest = url.startsWith(path) ? url.slice(path.length) : null;
  if (rest?.startsWith('/')) request.url = rest;
  else if (rest === '' || rest?.startsWith('?')) request.url = `/${rest}`;
  else request.url = OUTSIDE;
}
