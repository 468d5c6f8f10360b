import { readFileSync } from 'node:fs';
import { answerOf, type StaticResponse, staticAsset, withoutComments } from '../http/static-asset.ts';

/**
 * The response to a GET or HEAD for `path` (the URL's path, without the query); null for a path that the page does not
 * have. `ifNoneMatch` is the request's header `If-None-Match`: an asset that the browser already has is a 304.
 */
export type WatchPageHandler = (path: string, ifNoneMatch?: string) => StaticResponse | null;

/** The page may load its own files, its subscription, and the finished video from any host. */
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

const HTML = 'text/html; charset=utf-8';
const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** The placeholder of the examples in the page. */
const EXAMPLES = '<meta name="example-tasks" content="[]" />';

/** Each path, its file relative to `public/`, and its media type. */
const ASSETS: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/', 'index.html', HTML],
  ['/base.css', '../../page-style/base.css', CSS],
  ['/watch.css', 'watch.css', CSS],
  ['/task.css', 'task.css', CSS],
  ['/stages.css', 'stages.css', CSS],
  ['/watch.js', 'watch.js', SCRIPT],
  ['/shortcuts.css', 'shortcuts.css', CSS],
  ['/access.js', 'access.js', SCRIPT],
  ['/dom.js', 'dom.js', SCRIPT],
  ['/event-stream.js', 'event-stream.js', SCRIPT],
  ['/fallback.js', 'fallback.js', SCRIPT],
  ['/field-error.js', 'field-error.js', SCRIPT],
  ['/focus.js', 'focus.js', SCRIPT],
  ['/operations.js', 'operations.js', SCRIPT],
  ['/pause.js', 'pause.js', SCRIPT],
  ['/recent-tasks.js', 'recent-tasks.js', SCRIPT],
  ['/request.js', 'request.js', SCRIPT],
  ['/result.js', 'result.js', SCRIPT],
  ['/server-clock.js', 'server-clock.js', SCRIPT],
  ['/shortcuts.js', 'shortcuts.js', SCRIPT],
  ['/socket.js', 'socket.js', SCRIPT],
  ['/stages.js', 'stages.js', SCRIPT],
  ['/states.js', 'states.js', SCRIPT],
  ['/stream.js', 'stream.js', SCRIPT],
  ['/stream-place.js', 'stream-place.js', SCRIPT],
  ['/subscribe.js', 'subscribe.js', SCRIPT],
  ['/task-ids.js', 'task-ids.js', SCRIPT],
  ['/task-list.js', 'task-list.js', SCRIPT],
  ['/task-times.js', 'task-times.js', SCRIPT],
  ['/task-view.js', 'task-view.js', SCRIPT],
  ['/watchdog.js', 'watchdog.js', SCRIPT],
  ['/words.js', 'words.js', SCRIPT],
  ['/favicon.svg', 'favicon.svg', 'image/svg+xml'],
  ['/favicon.ico', 'favicon.svg', 'image/svg+xml'],
];

/** A task that the page offers to watch. */
export interface ExampleTask {
  readonly id: string;
  readonly description: string;
}

/** Reads the watch page and its assets once; throws when a file is missing. The page offers `examples` to watch. */
export function createWatchPage(examples: readonly ExampleTask[] = []): WatchPageHandler {
  const responses = new Map(
    ASSETS.map(([path, file, type]) => [path, staticAsset(read(file, examples), type, CONTENT_SECURITY_POLICY)]),
  );
  return (path, ifNoneMatch) => {
    const response = responses.get(path);
    return response === undefined ? null : answerOf(response, ifNoneMatch);
  };
}

function read(file: string, examples: readonly ExampleTask[]): Buffer {
  const body = readFileSync(new URL(`./public/${file}`, import.meta.url));
  if (file.endsWith('.js')) return withoutComments(body);
  return file === 'index.html' ? withExamples(body, examples) : body;
}

/** Puts the examples into the page itself, because a request of their own would move its elements later. */
function withExamples(html: Buffer, examples: readonly ExampleTask[]): Buffer {
  const json = JSON.stringify(examples.map(({ id, description }) => ({ id, description })));
  const content = json.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  return Buffer.from(html.toString().replace(EXAMPLES, () => EXAMPLES.replace('[]', () => content)));
}
