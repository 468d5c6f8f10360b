import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from '../../../src/gateway.ts';
import { startGateway } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';
import { statusEvents } from '../../support/status-events.ts';

const ENV = { A2E_API_URL: 'http://127.0.0.1:1', A2E_API_TOKEN: 't', ADMIN_PORT: '0' };
const EVERY_MS = 100;
/** Bounds the streams of the page, so that many tabs cannot use the process up. */
const MOST_STREAMS = 64;

let gateway: Gateway;
let admin: string;
beforeAll(async () => {
  gateway = await startGateway(ENV, { statusPage: { onFirstPort: false, everyMs: EVERY_MS } });
  admin = gateway.adminUrl ?? '';
});
afterAll(() => gateway[Symbol.asyncDispose]());

describe('/status', () => {
  it('is on ADMIN_PORT alone, or on the first port where the demo puts it', async () => {
    expect((await ask(`${admin}/status`)).status).toBe(200);
    for (const path of ['/status', '/status/events', '/status/status.js'])
      expect((await ask(`${gateway.url}${path}`)).status, path).toBe(404);
    await using demo = await startGateway({ A2E_API_TOKEN: 't' }, { statusPage: { onFirstPort: true } });
    expect((await ask(`${demo.url}/status`)).status).toBe(200);
    expect((await ask(`${demo.url}/status`, { headers: { host: 'evil.example' } })).status).toBe(421);
    await using plain = await startGateway({ A2E_API_TOKEN: 't' });
    expect((await ask(`${plain.url}/status`)).status).toBe(404);
  });

  it('has a policy that allows its own files alone, and every file that it names', async () => {
    const page = await ask(`${admin}/status`);
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': expect.stringMatching(/^default-src 'none'; script-src 'self'; style-src 'self';/),
      'x-frame-options': 'DENY',
      'cache-control': 'no-cache',
    });
    expect(page.headers['content-security-policy']).not.toMatch(/unsafe|http|data:/);
    expect(page.headers).not.toHaveProperty('access-control-allow-origin');
    const names = Array.from(page.body.matchAll(/(?:href|src)="(status\/[^"]+)"/g), ([, name = '']) => name);
    expect(names.length).toBeGreaterThan(3);
    for (const name of names) expect((await ask(`${admin}/${name}`)).status, name).toBe(200);
    expect(page.body).not.toMatch(/https?:|style=|<script>|onclick/);
    const again = await ask(`${admin}/status`, { headers: { 'if-none-match': page.headers.etag ?? '' } });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  it.each(['/status', '/status/events', '/status/status.css'])('%s takes GET and HEAD alone', async (path) => {
    const head = await ask(`${admin}${path}`, { method: 'HEAD' });
    expect([head.status, head.body]).toEqual([200, '']);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await ask(`${admin}${path}`, { method, headers: { origin: 'http://evil.example' } });
      expect([answer.status, answer.headers.allow], method).toEqual([405, 'GET, HEAD']);
      expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it.each(['/status/', '//status', '/status/x', '/%73tatus'])('%s is not served', async (path) => {
    expect((await ask(`${admin}${path}`)).status).toBeOneOf([400, 404]);
  });
});

describe('/status/events', () => {
  it('is an event stream that no other site may load', async () => {
    const { status, headers } = await ask(`${admin}/status/events`, { method: 'HEAD' });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'cross-origin-resource-policy': 'same-origin',
    });
  });

  it('brings the history first, then samples', async () => {
    const names: string[] = [];
    for await (const { name, data } of statusEvents(admin)) {
      expect(data.now).toMatchObject({ phase: 'ready', redis: 'single', upstream: { state: 'ok', maxRps: null } });
      if (name === 'sample') expect(data.point).toMatchObject({ calls: 0, viewers: 0, watched: 0, refused: 0 });
      if (names.push(name) === 3) break;
    }
    expect(names).toEqual(['history', 'sample', 'sample']);
  });

  it('has a bounded number of streams', async () => {
    await using stack = new AsyncDisposableStack();
    for (let stream = 0; stream < MOST_STREAMS; stream += 1) {
      const events = statusEvents(admin);
      stack.defer(async () => void (await events.return()));
      await events.next();
    }
    const refused = await ask(`${admin}/status/events`);
    expect([refused.status, refused.headers['retry-after']]).toEqual([503, '5']);
    await stack.disposeAsync();
    await expect.poll(async () => (await ask(`${admin}/status/events`, { method: 'HEAD' })).status).toBe(200);
  });

  it('ends as a broken connection when the gateway drains, and new streams get no status', async () => {
    await using draining = await startGateway(ENV, { statusPage: { onFirstPort: false, everyMs: EVERY_MS } });
    const url = draining.adminUrl ?? '';
    const events = statusEvents(url);
    await events.next();
    const ended = Array.fromAsync(events);
    const drained = draining.drain();
    await expect(ended).rejects.toThrow('terminated');
    await expect(fetch(`${url}/status/events`)).rejects.toThrow('fetch failed');
    expect((await fetch(`${url}/status`)).status).toBe(200);
    await drained;
  });
});
