import type { IncomingMessage } from 'node:http';

/** The bytes of a request whose `content-length` is at most `maxBytes`; null for any other, which is left unread. */
export function wholeBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> | null {
  const { 'content-length': length, 'content-encoding': encoding } = request.headers;
  if (length === undefined || encoding !== undefined || !(Number(length) <= maxBytes)) return null;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    request.once('error', reject);
  });
}
