import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variables } from '../../src/config/variables.ts';
import { loadConfig } from '../../src/config.ts';
import { blamed } from '../support/config-faults.ts';

describe('defaults', () => {
  test('an empty environment is a working passthrough gateway', () => {
    expect(loadConfig({})).toEqual({
      host: '127.0.0.1',
      port: 4000,
      adminPort: null,
      upstream: { origin: 'https://video.a2e.ai', token: null, timeoutMs: 10_000, maxConcurrency: 64, maxRps: null },
      poll: { intervalMs: 3000, maxIntervalMs: 10_000, lingerMs: 1000, firstAnswerTimeoutMs: 15_000 },
      auth: { mode: 'passthrough', jwtSecrets: [], jwksUrl: null, jwtIssuer: null, jwtAudience: null },
      redis: null,
      http: {
        corsOrigins: [],
        graphiql: true,
        introspection: true,
        subgraph: false,
        trustedDocuments: null,
        trustProxy: false,
        allowedHosts: null,
        webhookToken: null,
      },
      limits: {
        subscriptionsPerConnection: 100,
        connections: 50_000,
        connectionsPerAddress: null,
        operationsPerSecond: null,
        depth: 10,
        aliases: 15,
        rootFields: 20,
        directives: 20,
        tokens: 1000,
        bodyBytes: 65_536,
        ids: 100,
      },
      shutdownGraceMs: 10_000,
      proxy: null,
      otlpEndpoint: null,
      logLevel: 'info',
    });
  });

  test('an empty string counts as unset, for every variable', () => {
    const empty = Object.fromEntries(Object.keys(variables).map((name) => [name, '']));
    expect(loadConfig(empty)).toEqual(loadConfig({}));
  });

  test('with a token of its own the gateway is open', () => {
    expect(loadConfig({ A2E_API_TOKEN: 't' }).auth.mode).toBe('open');
    expect(loadConfig({ A2E_API_TOKEN: 't', AUTH_MODE: 'passthrough' }).auth.mode).toBe('passthrough');
  });

  test('production turns GraphiQL and introspection off, unless they are set', () => {
    expect(loadConfig({ NODE_ENV: 'production' }).http).toMatchObject({ graphiql: false, introspection: false });
    const told = { NODE_ENV: 'production', GRAPHIQL: 'true', INTROSPECTION: 'true' };
    expect(loadConfig(told).http).toMatchObject({ graphiql: true, introspection: true });
    expect(loadConfig({ GRAPHIQL: 'false' }).http).toMatchObject({ graphiql: false, introspection: true });
  });

  test('an interval longer than the default longest one lifts that', () => {
    expect(loadConfig({ POLL_INTERVAL_MS: '20000' }).poll).toMatchObject({ intervalMs: 20_000, maxIntervalMs: 20_000 });
  });
});

describe('values', () => {
  test('every variable arrives where it belongs', async () => {
    await using directory = await mkdtempDisposable(join(tmpdir(), 'config-'));
    const documents = join(directory.path, 'documents.json');
    await writeFile(documents, '{"a":"{ __typename }"}');
    const config = loadConfig({
      AUTH_MODE: 'jwt',
      A2E_API_TOKEN: 't',
      PORT: '0',
      HOST: '::1',
      A2E_API_URL: 'https://Video.A2E.com.cn:8443/',
      AUTH_JWT_SECRET: 'new, old',
      AUTH_JWKS_URL: 'https://id.example.com/keys?v=1',
      AUTH_JWT_ISSUER: 'me',
      AUTH_JWT_AUDIENCE: 'you',
      REDIS_URL: 'rediss://user:pass@redis:6380/1',
      REDIS_PREFIX: 'a:b',
      CORS_ORIGINS: 'https://a.example, HTTPS://B.example:443/,https://a.example',
      TRUST_PROXY: 'true',
      TRUSTED_DOCUMENTS: documents,
      WEBHOOK_TOKEN: 'hook',
      UPSTREAM_MAX_RPS: '7',
      MAX_CONNECTIONS_PER_ADDRESS: '8',
      MAX_OPERATIONS_PER_SECOND: '9',
      LOG_LEVEL: 'silent',
    });
    expect(config).toMatchObject({ host: '::1', port: 0, logLevel: 'silent' });
    expect(config.upstream).toMatchObject({ origin: 'https://video.a2e.com.cn:8443', token: 't', maxRps: 7 });
    expect(config.auth).toEqual({
      mode: 'jwt',
      jwtSecrets: ['new', 'old'],
      jwksUrl: 'https://id.example.com/keys?v=1',
      jwtIssuer: 'me',
      jwtAudience: 'you',
    });
    expect(config.redis).toEqual({ url: 'rediss://user:pass@redis:6380/1', prefix: 'a:b' });
    expect(config.http).toMatchObject({ trustProxy: true, trustedDocuments: documents, webhookToken: 'hook' });
    expect(config.http.corsOrigins).toEqual(['https://a.example', 'https://b.example']);
    expect(config.limits).toMatchObject({ connectionsPerAddress: 8, operationsPerSecond: 9 });
  });

  test.each(['redis+sentinel://a,b:26380/main', 'rediss+cluster://u:p@a:1,b:2'])('%s is a Redis address', (url) => {
    expect(loadConfig({ REDIS_URL: url }).redis?.url).toBe(url);
  });

  test('the result is frozen to the bottom', () => {
    const config = loadConfig({ CORS_ORIGINS: 'https://a.example' });
    for (const part of [config, config.upstream, config.http.corsOrigins, config.auth.jwtSecrets, config.limits]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

test('CORS_ORIGINS takes the origins of apps, and one wildcard label', () => {
  const origins = [
    'capacitor://localhost',
    'ionic://localhost',
    'tauri://localhost',
    'app://.',
    'file://',
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://0a1b2c3d-0000-4000-8000-000000000000',
    'https://*.example.com',
    'http://*.localhost:3000',
    'http://[::1]:8080',
    'https://xn--bcher-kva.example',
  ];
  expect(loadConfig({ CORS_ORIGINS: origins.join() }).http.corsOrigins).toEqual(origins);
  const loose = 'Capacitor://LOCALHOST/, File:///, HTTPS://*.Example.com:443, https://bücher.example';
  expect(loadConfig({ CORS_ORIGINS: loose }).http.corsOrigins).toEqual([
    'capacitor://localhost',
    'file://',
    'https://*.example.com',
    'https://xn--bcher-kva.example',
  ]);
});

test('the variables of a proxy are read in lower case too, which comes first', () => {
  const lower = { http_proxy: 'http://a:1', https_proxy: 'http://b:2', no_proxy: 'c' };
  const upper = { HTTP_PROXY: 'http://x:1', HTTPS_PROXY: 'http://y:2', NO_PROXY: 'z' };
  const read = { http: 'http://a:1', https: 'http://b:2', bypass: 'c' };
  expect(loadConfig(lower).proxy).toEqual(read);
  expect(loadConfig({ ...upper, ...lower }).proxy).toEqual(read);
  expect(loadConfig({ ...upper, https_proxy: '' }).proxy?.https).toBe('http://y:2');
  expect(blamed({ ...upper, https_proxy: 'socks5://proxy:1080' })).toEqual(['https_proxy']);
  expect(loadConfig({ https_proxy: 'user:secret@proxy:3128' }).proxy?.https).toBe('http://user:secret@proxy:3128');
  expect(loadConfig({ port: '1', a2e_api_token: 't' })).toEqual(loadConfig({}));
});
