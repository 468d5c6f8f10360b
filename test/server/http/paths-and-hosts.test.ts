import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../support/free-port.ts';
import { startGateway } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';

type Gateway = Awaited<ReturnType<typeof startGateway>>;

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway({ A2E_API_TOKEN: 't' });
});
afterAll(() => gateway[Symbol.asyncDispose]());

/** The status of the answer to these header lines, each after the request line; the connection closes after it. */
async function statusOf(target: string, lines: readonly string[] = ['host: localhost'], to = gateway): Promise<number> {
  const socket = connect(Number(new URL(to.url).port), '127.0.0.1');
  socket.write(`GET ${target} HTTP/1.1\r\n${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n`);
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(await text(socket))?.[1]);
}

/** Without `connection: upgrade` it would be a request (RFC 9110, section 7.8). */
const UPGRADE = [
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
];

describe('only the literal path routes', () => {
  it.each([
    '//x/metrics',
    '//metrics',
    '/metrics//',
    '/x/../metrics',
    '/./metrics',
    '/metrics/.',
    '/metrics/..',
    '/%2e/metrics',
    '/x/%2E%2e/metrics',
    '/%6detrics',
    '/x%2f..%2fmetrics',
    '/%2fmetrics',
    '/\\metrics',
    '/x\\..\\metrics',
    '\\metrics',
    'http://localhost/metrics',
    'http://x/metrics',
    'metrics',
    '*',
    '/metrics#x',
    '/metrics;x',
    '/metrics/',
  ])('%s is not served', async (target) => {
    for (const path of [target, target.replace(/metrics/i, 'graphql'), target.replace(/metrics/i, 'readyz')])
      expect(await statusOf(path), path).toBeOneOf([400, 404]);
  });

  it.each(['/metrics', '/metrics?x=//../%2e', '/healthz', '/?id=a%2Fb'])('%s is', async (target) => {
    expect(await statusOf(target)).toBe(200);
  });

  it('over an upgrade too', async () => {
    for (const target of ['//graphql', '/x/../graphql', '/%67raphql', 'http://localhost/graphql'])
      expect(await statusOf(target, ['host: localhost', ...UPGRADE]), target).toBeOneOf([400, 404]);
  });
});

describe('Host', () => {
  it.each([[['host: localhost', 'host: localhost']], [['host: localhost', 'Host: evil.example']], [[]]])(
    'is given once: %j gets 400',
    async (lines) => {
      expect(await statusOf('/healthz', lines)).toBe(400);
      if (lines.length > 0) expect(await statusOf('/graphql', [...lines, ...UPGRADE])).toBe(400);
    },
  );

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:4000', '[::2]', 'evil@localhost'])(
    'of an open gateway on a loopback address is a loopback name: %s gets 421',
    async (host) => {
      for (const target of ['/', '/graphql', '/metrics', '/healthz/', '/nowhere'])
        expect(await statusOf(target, [`host: ${host}`]), target).toBe(421);
      expect(await statusOf('/graphql', [`host: ${host}`, ...UPGRADE])).toBe(421);
    },
  );

  it.each(['localhost', 'LOCALHOST:4000', '127.0.0.1:1', '[::1]:4000'])('%s is served', async (host) => {
    expect(await statusOf('/metrics', [`host: ${host}`])).toBe(200);
  });

  it('is one of ALLOWED_HOSTS where they are set, and any where the mode is not open', async () => {
    await using named = await startGateway({ A2E_API_TOKEN: 't', ALLOWED_HOSTS: 'App.example, [2001:db8::1]' });
    const statuses = ['app.example:8443', '[2001:db8::1]', 'localhost'].map((host) =>
      statusOf('/metrics', [`host: ${host}`], named),
    );
    expect(await Promise.all(statuses)).toEqual([200, 200, 421]);
    await using passthrough = await startGateway({});
    expect(await statusOf('/metrics', ['host: anything'], passthrough)).toBe(200);
  });
});

describe('a probe', () => {
  it('names an address of its container or pod in Host, and is answered on both listeners', async () => {
    await using named = await startGateway({ ALLOWED_HOSTS: 'api.example.com', ADMIN_PORT: '0' });
    for (const url of [named.url, named.adminUrl ?? '']) {
      for (const host of ['127.0.0.1:4000', '10.1.2.3:4000', 'evil.example'])
        for (const path of ['/healthz', '/readyz'])
          expect(await statusOf(path, [`host: ${host}`], { ...named, url }), `${host}${path}`).toBe(200);
    }
    expect(await statusOf('/', ['host: 127.0.0.1:4000'], named)).toBe(421);
  });
});

describe('ADMIN_PORT', () => {
  it('takes /metrics away from the first listener, and serves no other path', async () => {
    await using split = await startGateway({ A2E_API_TOKEN: 't', ADMIN_PORT: '0' });
    const paths = ['/metrics', '/healthz', '/readyz', '/graphql', '/'];
    const statuses = (url: string | null) =>
      Promise.all(paths.map(async (path) => (await ask(`${url}${path}`)).status));
    expect(await statuses(split.url)).toEqual([404, 200, 200, 400, 200]);
    expect(await statuses(split.adminUrl)).toEqual([200, 200, 200, 404, 404]);
    expect((await ask(`${split.adminUrl}/metrics`)).body).toContain('video_task_gateway_ready 1');
    expect(gateway.adminUrl).toBeNull();
  });

  it('wants Host once, and a literal path', async () => {
    await using split = await startGateway({ A2E_API_TOKEN: 't', ADMIN_PORT: '0' });
    const admin = { ...split, url: split.adminUrl ?? '' };
    expect(await statusOf('/metrics', ['host: a', 'host: a'], admin)).toBe(400);
    expect(await statusOf('/x/../metrics', ['host: a'], admin)).toBe(400);
  });

  it('that is taken is an error, which leaves the first port free', async () => {
    const port = String(await freePort());
    const taken = { A2E_API_TOKEN: 't', PORT: port, ADMIN_PORT: new URL(gateway.url).port };
    await expect(startGateway(taken)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await using next = await startGateway({ A2E_API_TOKEN: 't', PORT: port });
    expect(await statusOf('/healthz', ['host: localhost'], next)).toBe(200);
  });
});
