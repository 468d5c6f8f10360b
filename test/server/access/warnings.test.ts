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
