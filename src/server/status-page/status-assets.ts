import { readFileSync } from 'node:fs';
import { type StaticResponse, staticAsset, withoutComments } from '../http/static-asset.ts';

/** The page may load its own files and its own event stream. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const CSS = 'text/css; charset=utf-8';
const SCRIPT = 'text/javascript; charset=utf-8';

/** Each path, its file relative to `public/`, and its media type. */
const ASSETS: readonly (readonly [path: string, file: string, type: string])[] = [
  ['/status', 'index.html', 'text/html; charset=utf-8'],
  ['/status/base.css', '../../page-style/base.css', CSS],
  ['/status/status.css', 'status.css', CSS],
  ['/status/charts.css', 'charts.css', CSS],
  ['/status/status.js', 'status.js', SCRIPT],
  ['/status/chart.js', 'chart.js', SCRIPT],
  ['/status/chart-scale.js', 'chart-scale.js', SCRIPT],
  ['/status/connection.js', 'connection.js', SCRIPT],
  ['/status/figures.js', 'figures.js', SCRIPT],
  ['/status/page-elements.js', 'page-elements.js', SCRIPT],
  ['/status/problems.js', 'problems.js', SCRIPT],
  ['/status/series.js', 'series.js', SCRIPT],
  ['/status/words.js', 'words.js', SCRIPT],
  ['/status/favicon.svg', 'favicon.svg', 'image/svg+xml'],
];

/** Reads the operator page and its assets, by path; throws when a file is missing. */
export function readStatusAssets(): ReadonlyMap<string, StaticResponse> {
  return new Map(
    ASSETS.map(([path, file, type]) => {
      const body = readFileSync(new URL(`./public/${file}`, import.meta.url));
      return [path, staticAsset(type === SCRIPT ? withoutComments(body) : body, type, CONTENT_SECURITY_POLICY)];
    }),
  );
}
