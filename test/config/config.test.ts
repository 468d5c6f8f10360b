import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type VariableName, variables } from '../../src/config/variables.ts';
import { ConfigError, type Environment, loadConfig } from '../../src/config.ts';

/** The error of a faulty environment. */
function faultsOf(env: Environment): ConfigError {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the environment was accepted');
}

/** Which variables a faulty environment is blamed for. */
function blamed(env: Environment): string[] {
  return faultsOf(env).issues.map((fault) => fault.name);
}

const JWT = { AUTH_MODE: 'jwt', A2E_API_TOKEN: 't', AUTH_JWT_SECRET: 's' };

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
      ...JWT,
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

  const faulty: readonly [VariableName, ...string[]][] = [
    ['PORT', '3e3', '0x10', ' 5', '-1', '1.5', '65536', '08', '+1', '١', 'NaN'],
    ['HOST', 'a b', 'http://a', '[::1]', 'localhost:80', '127.0.0.1:80', ':::', '::1%', '1:2'],
    [
      'A2E_API_URL',
      'video.a2e.ai',
      'ftp://a',
      'https://a/api',
      'https://u:p@a',
      'https:a',
      'https://a?b',
      'https://a b',
    ],
    ['A2E_API_TOKEN', 'a b', 'a\n', 'é'],
    ['AUTH_MODE', 'Open', 'none'],
    ['AUTH_JWT_SECRET', 'a,,b', ','],
    ['AUTH_JWKS_URL', 'keys.json', 'file:///keys', 'https://u:p@a/keys'],
    ['AUTH_JWT_ISSUER', ' a', 'a '],
    ['POLL_INTERVAL_MS', '99', '0', '2147483648'],
    ['UPSTREAM_TIMEOUT_MS', '0', '99999999999'],
    ['UPSTREAM_MAX_RPS', '0', 'unlimited'],
    ['REDIS_URL', 'localhost:6379', 'http://a', 'redis://', 'redis://a,b', 'redis+sentinel://a', 'redis://a/x'],
    ['REDIS_PREFIX', 'a{b}', 'a b', 'x'.repeat(65)],
    ['CORS_ORIGINS', '*', 'null', 'https://a.example/path', 'https://a.example,', 'a.example'],
    ['CORS_ORIGINS', 'https://*', 'https://*.', 'https://*:443', 'https://a.*.example', 'https://a*.example', 'https:'],
    ['CORS_ORIGINS', 'https://*.*.example', 'https://*.0.0.1', 'https://*.[::1]', 'https://*..example', '*.example'],
    ['CORS_ORIGINS', 'capacitor://', 'capacitor://*', 'tauri://localhost/index.html', 'tauri://a b', 'app://ö'],
    [
      'CORS_ORIGINS',
      'file://localhost',
      'file:',
      'file:////',
      'file:///path',
      'data://x',
      'ws://a.example',
      'wss://a.example',
      'https://a.example:x',
    ],
    ['CORS_ORIGINS', 'https://a.example?x', 'https://a.example#x', 'https://u:p@a.example', 'https://a.example:99999'],
    ['TRUSTED_DOCUMENTS', '/nowhere.json', '/', 'README.md', 'package.json'],
    ['GRAPHIQL', '1', 'yes', 'TRUE', 'true '],
    ['MAX_BODY_BYTES', '0', '64k', '1073741825'],
    ['ADMIN_PORT', '-1', '65536', '4000', 'x'],
    ['ALLOWED_HOSTS', 'a:80', 'http://a', 'a,', '*', 'a/b', '[::1]:80'],
    ['LOG_LEVEL', 'INFO', 'verbose'],
  ];
  test.each(faulty)('%s refuses an unknown value', (name, ...values) => {
    for (const value of values) expect.soft(blamed({ [name]: value }), JSON.stringify(value)).toContain(name);
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

describe('rules between variables', () => {
  test('the longest interval is not below the interval', () => {
    expect(blamed({ POLL_INTERVAL_MS: '5000', POLL_MAX_INTERVAL_MS: '4999' })).toEqual(['POLL_MAX_INTERVAL_MS']);
    expect(loadConfig({ POLL_INTERVAL_MS: '5000', POLL_MAX_INTERVAL_MS: '5000' }).poll.maxIntervalMs).toBe(5000);
  });

  test('open and jwt need the token of the gateway', () => {
    expect(blamed({ AUTH_MODE: 'open' })).toEqual(['A2E_API_TOKEN']);
    expect(blamed({ ...JWT, A2E_API_TOKEN: '' })).toEqual(['A2E_API_TOKEN']);
  });

  test('jwt needs a secret or a key set', () => {
    expect(blamed({ ...JWT, AUTH_JWT_SECRET: '' })).toEqual(['AUTH_JWT_SECRET']);
    const keySet = { ...JWT, AUTH_JWT_SECRET: '', AUTH_JWKS_URL: 'http://localhost/keys' };
    expect(loadConfig(keySet).auth.mode).toBe('jwt');
  });

  test('keys without a mode are not left unused in silence', () => {
    expect(blamed({ A2E_API_TOKEN: 't', AUTH_JWT_SECRET: 's' })).toEqual(['AUTH_MODE']);
    expect(loadConfig({ ...JWT, AUTH_MODE: 'open' }).auth.mode).toBe('open');
  });

  test('an unusable file is named together with all other issues', () => {
    expect(blamed({ MAX_IDS: '0', TRUSTED_DOCUMENTS: '/nowhere.json' })).toEqual(['MAX_IDS', 'TRUSTED_DOCUMENTS']);
  });

  test('a variable that is faulty by itself is blamed once', () => {
    expect(blamed({ AUTH_MODE: 'JWT' })).toEqual(['AUTH_MODE']);
    expect(blamed({ AUTH_MODE: 'open', A2E_API_TOKEN: 'a b' })).toEqual(['A2E_API_TOKEN']);
  });
});

describe('the message', () => {
  test('names every issue, its value and the allowed values', () => {
    const error = faultsOf({ PORT: '3e3', GRAPHIQL: 'yes', POLL_INTERVAL_MS: '5000', POLL_MAX_INTERVAL_MS: '4000' });
    expect(error.message).toBe(
      [
        'The configuration is faulty:',
        '  PORT is "3e3": it must be a whole number from 0 to 65535',
        '  GRAPHIQL is "yes": it must be true or false',
        '  POLL_MAX_INTERVAL_MS is "4000": it must be at least POLL_INTERVAL_MS, which is 5000',
      ].join('\n'),
    );
  });

  test('keeps to one line per fault and a bounded length', () => {
    const { message } = faultsOf({ HOST: `a\n${'b'.repeat(10_000)}` });
    expect(message.split('\n')).toHaveLength(2);
    expect(message.length).toBeLessThan(300);
  });

  test.each([
    { A2E_API_TOKEN: 'hunter2 ' },
    { WEBHOOK_TOKEN: 'hunter2 ' },
    { AUTH_JWT_SECRET: 'hunter2,' },
    { REDIS_URL: 'rediss//:hunter2@redis' },
    { REDIS_URL: 'redis://user:hunter2@redis:port' },
    { REDIS_URL: 'redis:// user:hun@hunter2/?#@redis' },
    { REDIS_URL: 'http://redis?password=hunter2' },
    { A2E_API_URL: 'https://user:hunter2@video.a2e.ai' },
    { CORS_ORIGINS: 'https://user:hunter2@a.example,https://b.example' },
  ])('shows no secret: %o', (env) => {
    expect(faultsOf(env).message).not.toContain('hunter2');
  });
});

test('no environment throws anything but a ConfigError, or leaks its secrets', () => {
  const names = Object.keys(variables) as VariableName[];
  const words = ['true', 'open', 'jwt', '0', '100', 'https://a.example', 'redis://h', '__proto__', '\0', '%', '\ud800'];
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...words),
    fc.webUrl(),
    fc.integer().map(String),
  );
  const secret = fc.string({ minLength: 5 }).map((tail) => `<<${tail}>>`);
  const env = fc.dictionary(fc.oneof(fc.constantFrom(...names, 'NODE_ENV'), fc.string()), value);
  fc.assert(
    fc.property(env, secret, (record, hidden) => {
      const whole = { ...record, A2E_API_TOKEN: ` ${hidden}`, REDIS_URL: `redis:/user:${hidden}@host` };
      expect(faultsOf(whole).message).not.toContain(hidden);
      try {
        expect(Object.isFrozen(loadConfig(record))).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(ConfigError);
      }
    }),
    { numRuns: 500 },
  );
});
