import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ClientCounts } from '../../live/client-counts.ts';
import { ConnectionCounts } from '../../live/connection-counts.ts';
import type { Logger } from '../../observability/log.ts';
import { type LogSubject, logIds } from '../../observability/log-ids.ts';
import type { StreamTransport, Transport } from '../../observability/metrics/transport.ts';
import type { ClientIpResolver } from '../http/client-address.ts';
import { closeReason, type EndReason } from './end-reason.ts';

/** The facts about a request or a connection that its line needs. */
interface Entry {
  transport: Transport;
  readonly address: string;
  readonly startedAt: number;
  operations: number;
  /** null: no subscriptions. */
  counts: ConnectionCounts | null;
  reason: string | null;
}

/** The paths that are logged as they are. A client may write a secret into any other one. */
const ROUTES: ReadonlySet<string> = new Set([
  '/',
  '/graphql',
  '/healthz',
  '/metrics',
  '/readyz',
  '/status',
  '/status/events',
  '/webhooks/a2e',
]);

/**
 * One line at level `debug` for each finished WebSocket, stream and HTTP request, with all that the gateway knows about it.
 * A line holds no text of a client: no path without a route, no query, no id of a task, no header, no close text.
 *
 * The level is checked once, as the request or the connection begins. Above `debug` there is no entry and no listener, and
 * subscriptions count for their transport alone.
 */
export class AccessLog {
  readonly #log: Logger;
  readonly #clientIp: ClientIpResolver;
  /** By response or WebSocket. */
  readonly #entries = new WeakMap<LogSubject, Entry>();

  constructor(log: Logger, clientIp: ClientIpResolver) {
    this.#log = log;
    this.#clientIp = clientIp;
  }

  /** An HTTP request has begun. */
  request(request: IncomingMessage, response: ServerResponse): void {
    if (!this.#log.isLevelEnabled('debug')) return;
    const entry = this.#begin(response, 'http', this.#clientIp(request));
    const { method } = request;
    const route = routeOf(request);
    response.once('close', () => {
      const { reason = response.writableFinished ? 'complete' : 'connection lost', ...facts } = factsOf(entry);
      const status = response.headersSent ? response.statusCode : null;
      const msg = entry.transport === 'http' ? 'request finished' : 'stream finished';
      this.#log.debug({ ...logIds(request), ...facts, method, route, status, reason }, msg);
    });
  }

  /** The response of a request is a stream. Returns the counts for its subscription. */
  stream(response: ServerResponse, transport: StreamTransport, counts: ClientCounts): ClientCounts {
    const entry = this.#entries.get(response);
    if (!entry) return counts;
    entry.transport = transport;
    entry.counts = new ConnectionCounts(counts);
    return entry.counts;
  }

  /** An upgrade was refused with a status, such as `403 Forbidden`. */
  refused(request: IncomingMessage, status: string): void {
    if (!this.#log.isLevelEnabled('debug')) return;
    const address = this.#clientIp(request);
    const fields = { transport: 'websocket', address, route: routeOf(request), status: Number.parseInt(status, 10) };
    this.#log.debug({ ...logIds(request), ...fields }, 'upgrade refused');
  }

  /** A WebSocket has opened. Returns the counts for its subscriptions. */
  webSocket(socket: WebSocket, stream: Socket, address: string, counts: ClientCounts): ClientCounts {
    if (!this.#log.isLevelEnabled('debug')) return counts;
    const entry = this.#begin(socket, 'websocket', address);
    entry.counts = new ConnectionCounts(counts);
    const { bytesRead, bytesWritten } = stream;
    socket.once('close', (code) => {
      const bytes = { bytesIn: stream.bytesRead - bytesRead, bytesOut: stream.bytesWritten - bytesWritten };
      const { reason = closeReason(code), ...facts } = factsOf(entry);
      this.#log.debug({ ...logIds(socket), ...facts, ...bytes, code, reason }, 'connection closed');
    });
    return entry.counts;
  }

  /** A client has asked for an operation. */
  operation(subject: LogSubject): void {
    const entry = this.#entries.get(subject);
    if (entry) entry.operations += 1;
  }

  /** The gateway ends a connection. The first reason counts. */
  ending(subject: LogSubject, reason: EndReason): void {
    const entry = this.#entries.get(subject);
    if (entry) entry.reason ??= reason;
  }

  /** The gateway closes a WebSocket with this code. The first reason counts. */
  closing(socket: WebSocket, code: number): void {
    const entry = this.#entries.get(socket);
    if (entry) entry.reason ??= closeReason(code);
  }

  #begin(subject: LogSubject, transport: Transport, address: string): Entry {
    const entry = { transport, address, startedAt: performance.now(), operations: 0, counts: null, reason: null };
    this.#entries.set(subject, entry);
    return entry;
  }
}

function factsOf({ transport, address, startedAt, operations, counts, reason }: Entry): {
  readonly reason?: string;
  readonly [field: string]: unknown;
} {
  const updates = counts && { delivered: counts.delivered, conflated: counts.conflated };
  const durationMs = Math.round(performance.now() - startedAt);
  return { transport, address, durationMs, operations, ...updates, ...(reason && { reason }) };
}

function routeOf({ url = '' }: IncomingMessage): string {
  const path = url.split('?', 1).join('');
  return ROUTES.has(path) ? path : 'other';
}
