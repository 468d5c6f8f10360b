import type { IncomingMessage } from 'node:http';

/**
 * The body that a parser of the host server has read before the gateway, and left in `request.body` as `express.json()`
 * does; undefined while the body is unread. JSON gets its bytes back, equal in meaning to the client's.
 */
export function parsedBody(request: IncomingMessage & { readonly body?: unknown }): Buffer<ArrayBuffer> | undefined {
  const { body } = request;
  if (body === undefined || !request.readableEnded) return undefined;
  if (body instanceof Uint8Array) return Buffer.from(body);
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
