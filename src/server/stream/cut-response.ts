import type { ServerResponse } from 'node:http';

/**
 * Cuts the connection of a stream at once, so that its client sees a broken connection and asks again. The body of
 * HTTP/1.0 has no chunks and is complete when its connection closes (RFC 9112, section 6.3), so there the connection is
 * reset. nginx asks by HTTP/1.0 without `proxy_http_version`. The socket is cut and not the response, because a response
 * that waits behind an earlier one on its connection has no socket of its own.
 */
export function cutResponse(response: ServerResponse): void {
  const { socket } = response.req;
  if (!endsByClose(response)) return void socket.destroy();
  try {
    socket.resetAndDestroy();
  } catch {
    // Only TCP has resets. TLS says itself that a connection ended early; a Unix socket cannot tell.
    socket.destroy();
  }
}

/** The same after the bytes written so far. A response that has ended stays complete. */
export function cutAfterWrites(response: ServerResponse): void {
  const { socket } = response.req;
  if (response.writableEnded || !endsByClose(response)) socket.destroySoon();
  else socket.write('', () => cutResponse(response));
}

function endsByClose({ req }: ServerResponse): boolean {
  return req.httpVersion === '1.0';
}
