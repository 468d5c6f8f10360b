import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { etagMatches } from '../http/etag.ts';

/** One answer of the watch page, ready to be written; a HEAD is answered with the same, without the body. */
export interface StaticResponse {
  readonly status: 200 | 304;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty for a 304. */
  readonly body: Buffer;
}

/**
 * Answers a GET or HEAD for `path` (the URL's path, without the query); null where the page has nothing.
 * `ifNoneMatch` is the request's header of that name: an asset the browser already has is answered 304.
 */
export type WatchPageHandler = (path: string, ifNoneMatch?: string) => StaticResponse | null;

/** What the page may load: itself, its own event stream and the finished video, wherever that lies. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  'media-src https: http:',
  "img-src 'self' data:",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const SECURITY_HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** Each path, the file in `page/` that answers it, and its media type. */
const ASSETS: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'index.html', HTML],
  ['/watch.css', 'watch.css', CSS],
  ['/task.css', 'task.css', CSS],
  ['/stages.css', 'stages.css', CSS],
  ['/watch.js', 'watch.js', SCRIPT],
  ['/access.js', 'access.js', SCRIPT],
  ['/event-stream.js', 'event-stream.js', SCRIPT],
  ['/field-fault.js', 'field-fault.js', SCRIPT],
  ['/focus.js', 'focus.js', SCRIPT],
  ['/result.js', 'result.js', SCRIPT],
  ['/server-clock.js', 'server-clock.js', SCRIPT],
  ['/stages.js', 'stages.js', SCRIPT],
  ['/subscribe.js', 'subscribe.js', SCRIPT],
  ['/task-view.js', 'task-view.js', SCRIPT],
  ['/words.js', 'words.js', SCRIPT],
  ['/favicon.svg', 'favicon.svg', 'image/svg+xml'],
  ['/favicon.ico', 'favicon.svg', 'image/svg+xml'],
];

/** Reads the watch page and its assets once; throws when a file is missing. */
export function createWatchPage(): WatchPageHandler {
  const answers = new Map(ASSETS.map(([path, file, type]) => [path, readAsset(file, type)]));
  return (path, ifNoneMatch) => {
    const answer = answers.get(path);
    if (answer === undefined) return null;
    const held = etagMatches(ifNoneMatch, answer.headers['etag'] ?? '');
    return held ? { status: 304, headers: answer.headers, body: Buffer.alloc(0) } : answer;
  };
}

function readAsset(file: string, type: string): StaticResponse {
  const body = readFileSync(new URL(`./public/${file}`, import.meta.url));
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
  return {
    status: 200,
    headers: { ...SECURITY_HEADERS, 'content-type': type, 'cache-control': 'no-cache', etag },
    body,
  };
}
