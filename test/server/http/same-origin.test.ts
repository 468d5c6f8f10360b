import { describe, expect, it } from 'vitest';
import { OriginPolicy } from '../../../src/server/http/origin-policy.ts';
import { startPair } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';
import { openSocket } from '../../support/ws-client.ts';

const from = (headers: Record<string, string>) => ({ headers }) as unknown as Parameters<OriginPolicy['allows']>[0];

describe('the same origin', () => {
  const behindProxy = new OriginPolicy({ allowed: [], trustProxy: true });
  const direct = new OriginPolicy({ allowed: [], trustProxy: false });

  it.each([
    ['https', 'https'],
    ['https', 'wss'],
    ['https', 'WSS'],
    ['http', 'ws'],
    ['http', 'http'],
    ['https', 'http, https'],
    ['https', 'http,wss'],
    ['http', 'https, http'],
  ])('of %s is recognised behind a proxy that forwards %s', (scheme, forwarded) => {
    const headers = { origin: `${scheme}://app.example`, host: 'app.example', 'x-forwarded-proto': forwarded };
    expect(behindProxy.allows(from(headers))).toBe(true);
    const other = scheme === 'http' ? 'https' : 'http';
    expect(behindProxy.allows(from({ ...headers, origin: `${other}://app.example` }))).toBe(false);
  });

  it.each([
    ['proto=https;host=app.example', 'https://app.example'],
    ['for=1.2.3.4; Host="app.example:8443"; Proto=wss', 'https://app.example:8443'],
    ['host=evil.example;proto=http, host=app.example;proto=https', 'https://app.example'],
    ['proto=https', 'https://inner'],
    ['host=app.example', 'http://app.example'],
  ])('is recognised behind a proxy that writes Forwarded: %s', (forwarded, origin) => {
    const headers = { origin, host: 'inner', forwarded };
    expect(behindProxy.allows(from(headers))).toBe(true);
    expect(behindProxy.allows(from({ ...headers, origin: 'https://evil.example' }))).toBe(false);
    expect(direct.allows(from({ ...headers, host: 'direct' }))).toBe(false);
  });

  it('is that of X-Forwarded-Host before that of Forwarded', () => {
    const headers = { host: 'inner', 'x-forwarded-host': 'app.example', forwarded: 'host=evil.example' };
    expect(behindProxy.allows(from({ ...headers, origin: 'https://app.example' }))).toBe(true);
    expect(behindProxy.allows(from({ ...headers, origin: 'https://evil.example' }))).toBe(false);
  });

  it.each([
    'chrome-extension://app.example',
    'capacitor://app.example',
    'ws://app.example',
    'https://user@app.example',
    'https://app.example/',
    'https://app.example/path',
    'https://app.example?x',
    'https://app.example:443',
    'https:app.example',
    'HTTPS://app.example',
  ])('is no %s, since it is an exact http or https origin', (origin) => {
    for (const policy of [direct, behindProxy])
      expect(policy.allows(from({ origin, host: 'app.example' }))).toBe(false);
  });

  it('ignores the default port of a host, and no other', () => {
    expect(direct.allows(from({ origin: 'https://app.example', host: 'APP.example:443' }))).toBe(true);
    expect(direct.allows(from({ origin: 'https://app.example', host: 'app.example:444' }))).toBe(false);
  });
});

describe('an upgrade', () => {
  it('is judged by the scheme that the proxy forwards, and by the list of apps and wildcards', async () => {
    const listed = 'Capacitor://LocalHost,https://*.example.com,file://';
    await using pair = await startPair({ TRUST_PROXY: 'true', CORS_ORIGINS: listed });
    const { url } = pair.gateway;
    const { host } = new URL(url);
    const cases: readonly (readonly [origin: string, forwarded: string, isAllowed: boolean])[] = [
      [`https://${host}`, 'wss', true],
      [`http://${host}`, 'ws', true],
      [`http://${host}`, 'wss', false],
      ['capacitor://localhost', 'wss', true],
      // The URL Standard keeps the case of a host whose scheme is not special.
      ['capacitor://LocalHost', 'wss', true],
      ['file://', 'wss', true],
      ['null', 'wss', false],
      ['https://a.example.com', 'wss', true],
      ['https://a.b.example.com', 'wss', false],
    ];
    for (const [origin, forwarded, isAllowed] of cases) {
      const headers = { origin, 'x-forwarded-proto': forwarded };
      const opened = openSocket(url, { headers }).then(
        ({ socket }) => socket.terminate(),
        (error: Error) => error.message,
      );
      expect([origin, await opened]).toEqual([origin, isAllowed ? undefined : expect.stringContaining('403')]);
      const query = await ask(`${url}/graphql?query={__typename}`, { headers });
      expect([origin, query.status]).toEqual([origin, isAllowed ? 200 : 403]);
    }
  });
});
