import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { ByteBuffer } from './byte-buffer.ts';
import { parsedBody } from './parsed-body.ts';

/** The client has gone before its body was read whole, so there is no response to send. */
export class ClientDisconnected extends Error {}

/**
 * The body of a request; null when it is longer than `maxBytes`: the rest of it is dropped as it arrives, so that the
 * next request on the connection can be read. Rejects with {@link ClientDisconnected} when the client goes away, also
 * when it has gone before the call. A body that the host server has parsed is taken from `request.body`.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer> | null> {
  const { 'content-length': length } = request.headers;
  const whole = Number(length ?? Number.NaN);
  if (whole > maxBytes) {
    request.resume();
    return null;
  }
  const parsed = parsedBody(request);
  if (parsed) return parsed.length > maxBytes ? null : parsed;
  try {
    return await (whole > 0 ? readWhole(request, whole) : readChunks(request, maxBytes));
  } catch (error) {
    throw request.readableAborted ? new ClientDisconnected('The client has disconnected', { cause: error }) : error;
  }
}

/** The error of a 413 response. */
export function bodyTooLargeError(maxBytes: number): GraphQLError {
  return new GraphQLError(`The body may have at most ${maxBytes} bytes`);
}

/** Done with the last byte: the end of the request is noticed a few turns later. */
function readWhole(request: IncomingMessage, length: number): Promise<Buffer<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const pieces = new ByteBuffer();
    let left = length;
    // Every request closes: an error for one whose body is there would cost a stack trace.
    const lost = (): void => {
      if (left !== 0) reject(new Error('The body ended early, or was read before'));
    };
    // A destroyed request emits no further event.
    if (request.destroyed) return lost();
    request.on('data', (chunk: Buffer<ArrayBuffer>) => {
      left -= chunk.length;
      pieces.append(chunk);
      if (left === 0) resolve(pieces.toBuffer());
    });
    request.on('error', reject);
    request.on('close', lost);
  });
}

async function readChunks(request: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer> | null> {
  const pieces = new ByteBuffer();
  let length = 0;
  const body: AsyncIterable<Buffer<ArrayBuffer>> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) break;
    pieces.append(chunk);
  }
  if (length <= maxBytes) return pieces.toBuffer();
  request.resume();
  return null;
}
