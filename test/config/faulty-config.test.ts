import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type VariableName, variables } from '../../src/config/variables.ts';
import { ConfigError, loadConfig } from '../../src/config.ts';
import { blamed, faultsOf } from '../support/config-faults.ts';

const JWT = { AUTH_MODE: 'jwt', A2E_API_TOKEN: 't', AUTH_JWT_SECRET: 's' };

const faulty: readonly [VariableName, ...string[]][] = [
  ['PORT', '3e3', '0x10', ' 5', '-1', '1.5', '65536', '08', '+1', '١', 'NaN'],
  ['HOST', 'a b', 'http://a', '[::1]', 'localhost:80', '127.0.0.1:80', ':::', '::1%', '1:2'],
  ['A2E_API_URL', 'video.a2e.ai', 'ftp://a', 'https://a/api', 'https://u:p@a', 'https:a', 'https://a?b', 'https://a b'],
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
