import type { IncomingMessage } from 'node:http';
import { Pieces } from './pieces.ts';

/** The bytes of a request whose `content-length` is 1 to `maxBytes`; null for any other, which is left unread. */
export function wholeBody(request: IncomingMessage, maxBytes: number): Promise<Buffer<ArrayBuffer>> | null {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers;
  const whole = Number(length);
  if (length === undefined || encoding !== undefined || !(whole > 0 && whole <= maxBytes)) return null;
  return new Promise((resolve, reject) => {
    const pieces = new Pieces();
    let left = whole;
    request.on('data', (chunk: Buffer<ArrayBuffer>) => {
      left -= chunk.length;
      pieces.add(chunk);
      if (left === 0) resolve(pieces.join());
    });
    request.on('error', reject);
  });
}
