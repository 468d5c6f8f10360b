import { expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { accessWarnings } from '../../../src/server/access/warnings.ts';

it.each([
  [{}, []],
  [{ WEBHOOK_TOKEN: 'x'.repeat(15) }, [/^WEBHOOK_TOKEN is shorter/]],
  [{ WEBHOOK_TOKEN: 'x'.repeat(16) }, []],
  [{ A2E_API_URL: 'http://a2e.example' }, [/^A2E_API_URL is http:.* a2e\.example /]],
  [{ A2E_API_URL: 'http://10.0.0.1:8080' }, [/^A2E_API_URL is http:/]],
  [{ A2E_API_URL: 'http://127.0.0.1:8080' }, []],
  [{ A2E_API_URL: 'http://[::1]:8080' }, []],
  [{ A2E_API_URL: 'http://localhost' }, []],
])('warns of %j as it should', (env, expected) => {
  const warnings = accessWarnings(loadConfig(env));
  expect(warnings).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  expect(warnings.join()).not.toContain('xxx');
});

const OPEN = { A2E_API_TOKEN: 'a-token', AUTH_MODE: 'open' };

it.each([
  [OPEN, false],
  [{ ...OPEN, ALLOWED_HOSTS: 'localhost,127.0.0.1,::1' }, false],
  [{ ...OPEN, ALLOWED_HOSTS: 'localhost,app.example' }, true],
  [{ ...OPEN, HOST: '0.0.0.0' }, true],
  [{ ...OPEN, HOST: '0.0.0.0', ALLOWED_HOSTS: 'localhost' }, false],
  [{ AUTH_MODE: 'passthrough', ALLOWED_HOSTS: 'app.example' }, false],
])('warns of %j on a path of another server: %s', (env, warned) => {
  const expected = warned ? [expect.stringMatching(/^EVERY CLIENT .* ALLOWED_HOSTS lets/)] : [];
  expect(accessWarnings(loadConfig(env), false)).toEqual(expected);
});

it('warns of an open gateway with a port of its own by HOST', () => {
  expect(accessWarnings(loadConfig({ ...OPEN, ALLOWED_HOSTS: 'app.example' }))).toEqual([]);
  const expected = [expect.stringMatching(/^EVERY CLIENT THAT REACHES 0\.0\.0\.0 .* HOST is not loopback/)];
  expect(accessWarnings(loadConfig({ ...OPEN, HOST: '0.0.0.0' }))).toEqual(expected);
});
