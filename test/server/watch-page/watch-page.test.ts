import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readStatusAssets } from '../../../src/server/status-page/status-assets.ts';
import { createWatchPage } from '../../../src/server/watch-page/watch-page.ts';

const FOLDER = new URL('../../../src/server/watch-page/public/', import.meta.url);
const page = createWatchPage();

/** Not a line of a comment: the sources have no other line that begins so. */
const isCode = (line: string): boolean => !/^\s*(\/\*\*|\*|\/\/)/.test(line);

function headers(path: string): Readonly<Record<string, string>> {
  return page(path)?.headers ?? {};
}

describe('the watch page as it is served', () => {
  it('answers / with HTML and has no other path', () => {
    expect(page('/')?.status).toBe(200);
    expect(page('/')?.body.toString()).toContain('<title>Watch a video task</title>');
    expect(headers('/')['content-type']).toBe('text/html; charset=utf-8');
    for (const path of ['/index.html', '/page.ts', '/../page.ts', '/__proto__', '/graphql'])
      expect(page(path)).toBeNull();
  });

  it('serves every file of its folder', () => {
    for (const file of readdirSync(FOLDER)) {
      const path = file === 'index.html' ? '/' : `/${file}`;
      const served = page(path)?.body.toString() ?? '';
      const source = readFileSync(new URL(file, FOLDER), 'utf8');
      if (!file.endsWith('.js')) expect(served, file).toBe(source);
      else expect(served, file).toBe(source.split('\n').filter(isCode).join('\n'));
    }
  });

  it('has its base style from the sheet of the operator page, and neither page declares a colour of it again', () => {
    const base = page('/base.css')?.body.toString() ?? '';
    const status = readStatusAssets();
    expect(status.get('/status/base.css')?.body.toString()).toBe(base);
    const shared = base.match(/--[\w-]+(?=:)/g) ?? [];
    expect(shared).toContain('--accent');
    const own = ['/status/status.css', '/status/charts.css'].map((path) => status.get(path)?.body.toString());
    const sheets = [
      ...own,
      ...['/watch.css', '/task.css', '/stages.css', '/shortcuts.css'].map((path) => `${page(path)?.body}`),
    ];
    for (const name of shared) expect(sheets.join()).not.toContain(`${name}:`);
  });

  it('forbids inline code, other hosts, framing and sniffing, on every answer', () => {
    for (const path of ['/', '/watch.js', '/watch.css', '/favicon.ico']) {
      const policy = headers(path)['content-security-policy'] ?? '';
      expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toContain('unsafe');
      expect(headers(path)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'x-frame-options': 'DENY',
        'cache-control': 'no-cache',
      });
    }
  });

  it('answers 304 without a body to a browser that has the asset, by weak comparison', () => {
    const etag = headers('/watch.js')['etag'] ?? '';
    for (const held of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      expect(page('/watch.js', held)).toMatchObject({ status: 304, headers: { etag } });
      expect(page('/watch.js', held)?.body.length).toBe(0);
    }
    expect(page('/watch.js', '"other"')?.status).toBe(200);
    expect(headers('/')['etag']).not.toBe(etag);
  });
});
