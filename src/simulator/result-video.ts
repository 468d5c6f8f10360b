import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';

/** Where the results of finished tasks are found. */
export const RESULTS_PATH = '/results/';

const VIDEO = readFileSync(new URL('./result-video.mp4', import.meta.url));

/** Answers any result with the same three seconds of H.264, in whole or, as Safari insists, the range asked for. */
export function sendVideo(request: IncomingMessage, response: ServerResponse): void {
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const from = Number(range?.[1] ?? 0);
  const to = Math.min(Number(range?.[2] || VIDEO.length - 1), VIDEO.length - 1);
  const headers = { 'content-type': 'video/mp4', 'accept-ranges': 'bytes', 'cache-control': 'max-age=3600' };
  if (from > to) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${VIDEO.length}` }).end();
    return;
  }
  const part = { 'content-length': to + 1 - from, 'content-range': `bytes ${from}-${to}/${VIDEO.length}` };
  if (range) response.writeHead(206, { ...headers, ...part });
  else response.writeHead(200, { ...headers, 'content-length': VIDEO.length });
  response.end(request.method === 'HEAD' ? undefined : VIDEO.subarray(from, to + 1));
}
