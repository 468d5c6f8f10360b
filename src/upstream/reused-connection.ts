import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { buildConnector } from 'undici';
import { UnsentRequest } from './post-json.ts';

/** The state of a connection that decides whether a call may be repeated. */
interface Use {
  requests: number;
  /** Bytes read when the latest request was sent. */
  bytesRead: number;
}

const uses = new WeakMap<object, Use>();
/** Errors after the first byte of the latest response: they say that the next request, which was not sent, may be repeated. */
const brokenAfterResponse = new WeakSet<Error>();
/** Errors of a reused connection before the first byte of a response. */
const brokenUnanswered = new WeakSet<Error>();

// undici publishes every request with the socket it goes to (docs/api/DiagnosticsChannel.md, `undici:client:sendHeaders`).
subscribe('undici:client:sendHeaders', (message) => {
  const { socket } = message as { readonly socket: Socket };
  const use = uses.get(socket);
  if (!use) return;
  use.requests += 1;
  use.bytesRead = socket.bytesRead;
});

/** A connector, by default undici's with these options. {@link isResetOfReused} knows its connections. */
export function trackedConnector(
  options: buildConnector.BuildOptions | buildConnector.connector,
): buildConnector.connector {
  const connect = typeof options === 'function' ? options : buildConnector(options);
  return (target, callback) =>
    connect(target, (...result) => {
      const [, socket] = result;
      if (socket) track(socket);
      callback(...result);
    });
}

/**
 * Whether a call failed because its connection, which had served an earlier call, broke before the first byte of a
 * response. In this case the server has most likely closed an idle connection while the request was on its way (RFC
 * 9112, section 9.3.1), so the call may be repeated.
 */
export function isResetOfReused(error: unknown): boolean {
  if (error instanceof UnsentRequest) return error.cause instanceof Error && brokenAfterResponse.has(error.cause);
  return error instanceof Error && brokenUnanswered.has(error);
}

function track(socket: Socket): void {
  const use: Use = { requests: 0, bytesRead: 0 };
  uses.set(socket, use);
  // Before undici's own listener, which fails the call.
  socket.prependListener('error', (error) => {
    const answered = socket.bytesRead > use.bytesRead;
    if (answered) brokenAfterResponse.add(error);
    else if (use.requests > 1) brokenUnanswered.add(error);
  });
}
