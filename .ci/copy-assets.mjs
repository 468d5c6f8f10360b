// Copies the files that the pages serve as they are: TypeScript emits no HTML, CSS or SVG, and would rewrite the scripts.
import { cp } from 'node:fs/promises';

for (const path of [
  'server/page-style',
  'server/watch-page/public',
  'server/status-page/public',
  'server/graphiql/graphiql-fetcher.js',
  'simulator/result-video.mp4',
]) {
  await cp(`src/${path}`, `dist/${path}`, { recursive: true });
}
