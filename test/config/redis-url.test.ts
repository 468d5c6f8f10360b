import { describe, expect, test } from 'vitest';
import { parseRedisUrl } from '../../src/config/redis-url.ts';

describe('what is understood', () => {
  const plain = { kind: 'single', tls: false, credentials: {}, database: 0, masterName: '', sentinelCredentials: {} };

  test.for<[string, object]>([
    ['redis://localhost', { endpoints: [{ host: 'localhost', port: 6379 }] }],
    ['rediss://cache.example:7000/3', { tls: true, database: 3, endpoints: [{ host: 'cache.example', port: 7000 }] }],
    ['redis://[::1]:7000', { endpoints: [{ host: '::1', port: 7000 }] }],
    [
      'redis://me:p%40ss%2Fword@h:1',
      { credentials: { username: 'me', password: 'p@ss/word' }, endpoints: [{ host: 'h', port: 1 }] },
    ],
    ['redis://:only@h', { credentials: { password: 'only' }, endpoints: [{ host: 'h', port: 6379 }] }],
    [
      'redis+cluster://a:1,b:2,c',
      {
        kind: 'cluster',
        endpoints: [
          { host: 'a', port: 1 },
          { host: 'b', port: 2 },
          { host: 'c', port: 6379 },
        ],
      },
    ],
    [
      'rediss+sentinel://:pw@a,b:2/my-master/4?sentinel-username=s&sentinel-password=t%26u',
      {
        kind: 'sentinel',
        tls: true,
        credentials: { password: 'pw' },
        database: 4,
        masterName: 'my-master',
        sentinelCredentials: { username: 's', password: 't&u' },
        endpoints: [
          { host: 'a', port: 26379 },
          { host: 'b', port: 2 },
        ],
      },
    ],
  ])('%s', ([url, expected]) => {
    expect(parseRedisUrl(url)).toEqual({ ...plain, ...expected });
  });
});

test.for([
  '',
  'localhost:6379',
  'http://localhost',
  'redis://',
  'redis://a,b',
  'redis://a:0',
  'redis://a:99999',
  'redis://a b',
  'redis://a/zero',
  'redis://:secret%@a',
  'redis+sentinel://a',
  'redis+cluster://a/1',
  'redis+other://a',
])('refused without repeating it: %j', (url) => {
  let message = '';
  try {
    parseRedisUrl(url);
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    message = String(error);
  }
  expect(message).not.toBe('');
  expect(message).not.toContain('secret');
});
