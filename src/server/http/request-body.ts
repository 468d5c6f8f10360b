import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import { ByteBuffer } from './byte-buffer.ts';

/**
 * The body of a request; null when it is longer than `maxBytes`: the rest of it is dropped as it arrives, so that the
 * next request on the connection can be read. Rejects when the client goes away.
 */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer> | null> {
  const { 'content-length': length } = request.headers;
  const whole = Number(length ?? Number.NaN);
  if (whole > maxBytes) {
    request.resume();
    return Promise.resolve(null);
  }
  return whole > 0 ? readWhole(request, whole) : readChunks(request, maxBytes);
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
    request.on('data', (chunk: Buffer<ArrayBuffer>) => {
      left -= chunk.length;
      pieces.append(chunk);
      if (left === 0) resolve(pieces.toBuffer());
    });
    request.on('error', reject);
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
