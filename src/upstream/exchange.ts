import type { Pool } from 'undici';
import type { IncomingHttpHeaders } from 'undici/types/header.js';
import { type RawBody, readRawBody } from './response-body.ts';

/** An HTTP answer that has been read to its end, or to the cap. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: RawBody;
}

interface Question {
  readonly path: string;
  readonly id: string;
  readonly token: string;
  readonly signal: AbortSignal;
}

const UNREADABLE: RawBody = { bytes: Buffer.alloc(0), oversized: false };

/**
 * One POST and its whole answer. Rejects as undici does when there is none. An answer whose status alone is an error
 * counts even when its body cannot be read. `signal` belongs to this call alone and has not aborted yet.
 */
export async function exchange(pool: Pool, { path, id, token, signal }: Question): Promise<HttpAnswer> {
  const request = pool.request({
    method: 'POST',
    path,
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json',
      // An answer is smaller than the cost of decompressing it. A server that compresses all the same is understood.
      'accept-encoding': 'identity',
      'user-agent': 'video-task-gateway',
    },
    body: JSON.stringify({ _id: id }),
    signal,
  });
  const { statusCode, headers, body } = await Promise.race([request, aborted(signal)]);
  const raw = readRawBody(body);
  const isSuccess = statusCode >= 200 && statusCode < 300;
  return { status: statusCode, headers, body: await (isSuccess ? raw : raw.catch(() => UNREADABLE)) };
}

/**
 * Rejects with the signal's reason when that aborts. undici hears the signal only once a request has a connection:
 * until then, as long as the peer does not accept one, its promise would outlive the deadline.
 */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
