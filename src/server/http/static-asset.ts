import { createHash } from 'node:crypto';
import { etagMatches } from './etag.ts';

/** One response of a page that the gateway serves. The response to a HEAD is the same without the body. */
export interface StaticResponse {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for a 304. */
  readonly body: Buffer;
}

const SECURITY_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const COMMENT_LINES = /^[ \t]*(\/\*\*(?:(?!\*\/).)*\*\/|\/\/[^\n]*)\n/gms;

/** A file of a page, ready to be sent, with its ETag and the headers that every page has. */
export function staticAsset(body: Buffer, type: string, contentSecurityPolicy: string): StaticResponse {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return {
    status: 200,
    headers: {
      'content-security-policy': contentSecurityPolicy,
      ...SECURITY_HEADERS,
      'content-type': type,
      'cache-control': 'no-cache',
      etag,
    },
    body,
  };
}

/** The asset, or a 304 where the request's header `If-None-Match` names it. */
export function answerOf(asset: StaticResponse, ifNoneMatch: string | undefined): StaticResponse {
  const isNotModified = etagMatches(ifNoneMatch, asset.headers['etag'] ?? '');
  return isNotModified ? { status: 304, headers: asset.headers, body: Buffer.alloc(0) } : asset;
}

/** Leaves out the comments that have lines of their own, which make up a third of the scripts. */
export function withoutComments(script: Buffer): Buffer {
  return Buffer.from(script.toString().replace(COMMENT_LINES, ''));
}
