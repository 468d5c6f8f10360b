import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Metrics } from '../../observability/metrics.ts';
import type { Readiness } from '../../observability/readiness.ts';
import type { UnexpectedErrorHandler } from '../../observability/unexpected-errors.ts';
import type { AccessLog } from '../access-log/access-log.ts';
import type { ClientIpResolver } from '../http/client-address.ts';
import type { HostPolicy } from '../http/host-policy.ts';
import type { OriginPolicy } from '../http/origin-policy.ts';
import { reply, replyErrors, replyJson } from '../http/reply.ts';
import { ClientDisconnected } from '../http/request-body.ts';
import { hasOneHost, requestUrl } from '../http/request-target.ts';
import type { Webhook } from '../http/webhook.ts';
import type { ConnectionLimiter } from '../limits/connection-limiter.ts';
import type { EventLoopQueue } from '../limits/event-loop-queue.ts';
import type { SocketLimiter } from '../limits/socket-limiter.ts';
import type { Timeouts } from '../limits/timeouts.ts';
import { InFlightCounter } from '../shutdown/in-flight-counter.ts';
import type { StatusPage } from '../status-page/status-page.ts';
import { cutResponse } from '../stream/cut-response.ts';
import { negotiateStream } from '../stream/negotiate.ts';
import type { WatchPageHandler } from '../watch-page/watch-page.ts';
import type { WebSocketEndpoint } from '../websocket/websocket-endpoint.ts';
import type { GraphqlEndpoint } from './graphql-endpoint.ts';
import { isProbe, serveOperator } from './operator-routes.ts';

export interface HttpServerOptions {
  readonly graphql: GraphqlEndpoint;
  readonly websocket: WebSocketEndpoint;
  /** null: there is none. */
  readonly webhook: Webhook | null;
  readonly connections: ConnectionLimiter;
  readonly sockets: SocketLimiter;
  readonly origins: OriginPolicy;
  readonly page: WatchPageHandler;
  readonly readiness: Readiness;
  readonly clientIp: ClientIpResolver;
  readonly timeouts: Timeouts;
  /** The budget of an event loop turn, for upgrades. */
  readonly queue: EventLoopQueue;
  /** null: on another port. */
  readonly metrics: Metrics | null;
  /** null: on another port, or nowhere. */
  readonly status: StatusPage | null;
  /** `ALLOWED_HOSTS` */
  readonly allowsHost: HostPolicy;
  readonly accessLog: AccessLog;
  readonly onUnexpectedError: UnexpectedErrorHandler;
}

/** Connections that wait to be accepted: after a restart of a proxy thousands come at once. */
const BACKLOG = 4_096;
/** How often requests are checked for being too slow, in ms. */
const CHECK_MS = 1_000;

/** The first port: routes requests and upgrades to their endpoints. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #requests = new InFlightCounter();

  constructor(options: HttpServerOptions) {
    this.#options = options;
    const { headersMs, requestMs, keepAliveMs } = options.timeouts;
    this.#server = createServer({
      headersTimeout: headersMs,
      requestTimeout: requestMs,
      keepAliveTimeout: keepAliveMs,
      connectionsCheckingInterval: Math.min(CHECK_MS, headersMs),
      shouldUpgradeCallback: wantsWebSocket,
    });
    options.sockets.observe(this.#server);
    this.#server.on('request', (request, response) => this.handle(request, response));
    this.#server.on('upgrade', (request, stream, head) => this.upgrade(request, stream as Socket, head));
  }

  /** Answers one request, of its own server or of another one. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    const { stallMs } = this.#options.timeouts;
    // Another server may hand a request over after 'close', which is not emitted again.
    if (response.destroyed) return;
    this.#options.accessLog.request(request, response);
    if (this.#options.graphql.refuseFlood(request, response)) return;
    this.#requests.increment();
    response.on('close', () => this.#requests.decrement());
    response.setTimeout(stallMs);
    response.on('timeout', cutStalled);
    if (!response.socket) closeWith(request.socket, response);
    // Bytes that follow a declined upgrade are lost; `connection: close` makes the client send them again.
    if (request.headers.upgrade !== undefined) response.setHeader('connection', 'close');
    this.#route(request, response).catch((error: unknown) => this.#failed(request, response, error));
  }

  /** Resolves to the address once it listens; rejects when it cannot. */
  async listen(port: number, host: string): Promise<AddressInfo> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, backlog: BACKLOG }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    return this.#server.address() as AddressInfo;
  }

  /** Resolves as soon as no request is being answered. */
  idle(): Promise<void> {
    return this.#requests.idle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // The server is not closed while a WebSocket is open.
    await this.#options.websocket[Symbol.asyncDispose]();
    this.#server.closeAllConnections();
    await closed;
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { graphql, webhook, page, status, readiness, allowsHost } = this.#options;
    const url = hasOneHost(request) ? requestUrl(request) : null;
    // First, because a page of a listed origin reads the status of a refusal only with these headers.
    if (url?.pathname === '/graphql' && allowOrigin(this.#options.origins, request, response)) return;
    if (this.#options.sockets.isExcess(request.socket)) return refuseConnection(response);
    if (!url) return replyJson(response, 400, { error: 'bad request' });
    if (!isProbe(url.pathname) && !allowsHost(request))
      return replyJson(response, 421, { error: 'this host is not in ALLOWED_HOSTS' });
    const live = url.pathname === '/graphql' || url.pathname === '/webhooks/a2e';
    if (live && readiness.phase === 'draining') return refuseDraining(request, response);
    if (url.pathname === '/graphql') return void (await graphql.serve(request, response, url));
    if (url.pathname === '/webhooks/a2e' && webhook) return webhook.serve(request, response);
    if (await serveOperator(url.pathname, response, this.#options)) return;
    if (status?.serve(url.pathname, request, response)) return;
    if (request.method !== 'GET' && request.method !== 'HEAD') return replyJson(response, 404, { error: 'not found' });
    const answer = page(url.pathname, request.headers['if-none-match']);
    if (!answer) return replyJson(response, 404, { error: 'not found' });
    response.writeHead(answer.status, answer.headers);
    response.end(request.method === 'HEAD' ? undefined : answer.body);
  }

  /** Answers one upgrade, of its own server or of another one, in its turn: clients that reconnect come all at once. */
  upgrade(request: IncomingMessage, stream: Socket, head: Buffer): void {
    // ws listens once it has taken over; until then a reset must not be unhandled. A closure here would share its scope with
    // the one of the queue, and keep the request as long as the socket is open.
    stream.on('error', cut);
    this.#options.queue.run(() => this.#upgrade(request, stream, head));
  }

  #upgrade(request: IncomingMessage, stream: Socket, head: Buffer): void {
    const { websocket, connections, origins, allowsHost, readiness, clientIp, timeouts } = this.#options;
    // 'close' is not emitted again: a connection slot taken now would never be released.
    if (stream.destroyed) return;
    // A refusal can queue behind unread pipelined responses, so the socket gets a time-out. `ws` clears it.
    request.socket.setTimeout(timeouts.stallMs, cut);
    if (this.#options.sockets.isExcess(request.socket))
      return this.#refuse(request, stream, '503 Service Unavailable', 'Retry-After: 5\r\n');
    if (!hasOneHost(request)) return this.#refuse(request, stream, '400 Bad Request');
    if (requestUrl(request)?.pathname !== '/graphql') return this.#refuse(request, stream, '404 Not Found');
    if (!allowsHost(request)) return this.#refuse(request, stream, '421 Misdirected Request');
    if (!origins.allows(request)) return this.#refuse(request, stream, '403 Forbidden');
    const address = clientIp(request);
    const release = readiness.phase === 'draining' ? null : connections.tryAcquire(address);
    if (!release) return this.#refuse(request, stream, '503 Service Unavailable', 'Retry-After: 5\r\n');
    stream.once('close', release);
    websocket.upgrade(request, stream, head, address);
  }

  /** A method, because a function in `upgrade` would keep the request for the lifetime of its socket. */
  #refuse(request: IncomingMessage, stream: Socket, status: string, headers = ''): void {
    this.#options.accessLog.refused(request, status);
    stream.once('finish', () => stream.destroy());
    stream.end(`HTTP/1.1 ${status}\r\n${headers}Connection: close\r\nContent-Length: 0\r\n\r\n`);
  }

  #failed(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    if (error instanceof ClientDisconnected) return void request.socket.destroy();
    this.#options.onUnexpectedError(error, request);
    if (response.headersSent) cutResponse(response);
    else reply(response, 500, { 'content-type': 'text/plain' }, 'Internal server error');
  }
}

/** Only WebSocket upgrades are honoured; other offers, such as h2c, are ignored (RFC 9110, section 7.8). */
function wantsWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** A shared function, because a closure per WebSocket would live as long as the socket. */
function cut(this: Socket): void {
  this.destroy();
}

/** Cuts a connection with unread bytes on which no byte moves. A connection that waits for a response may be quiet. */
function cutStalled(this: ServerResponse, socket: Socket): void {
  if (socket.writableLength > 0) cutResponse(this);
}

/**
 * Closes an answer that waits for an earlier one on its connection when the connection closes: node forgets it when an
 * upgrade or a CONNECT has followed.
 */
function closeWith(socket: Socket, response: ServerResponse): void {
  const close = (): void => void response.destroy();
  // As many as are waiting.
  socket.setMaxListeners(0);
  socket.once('close', close);
  response.once('close', () => socket.off('close', close));
}

/**
 * Set first, so that a page of a listed origin can read each refusal and its `Retry-After`. Returns true when it has
 * answered the preflight of such a page: a preflight that is refused hides the refusal of its request.
 */
function allowOrigin(origins: OriginPolicy, request: IncomingMessage, response: ServerResponse): boolean {
  for (const [name, value] of Object.entries(origins.headers(request))) response.setHeader(name, value);
  if (!origins.isPreflight(request)) return false;
  reply(response, 204, {});
  return true;
}

/** One connection too many of its address. */
function refuseConnection(response: ServerResponse): void {
  const error = { message: 'Too many connections' };
  replyErrors(response, 503, [error], { 'retry-after': '5', connection: 'close' });
}

/**
 * No new work: the client asks another process, over another connection. A request for a stream gets no status, because
 * a browser's `EventSource` gives up for ever on one and tries a broken connection again (WHATWG HTML, section 9.2). A
 * client that lists JSON first, as urql does with a query, gets the status, which a proxy passes on with `Retry-After`.
 */
function refuseDraining(request: IncomingMessage, response: ServerResponse): void {
  if (negotiateStream(request)?.isFirstChoice) return void request.socket.destroy();
  replyErrors(response, 503, [{ message: 'Shutting down' }], { 'retry-after': '1', connection: 'close' });
}
