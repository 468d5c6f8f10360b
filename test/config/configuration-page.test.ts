import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { descriptions } from '../../src/config/descriptions.ts';
import { CONFIGURATION_PAGE, configurationPage } from '../../src/config/print.ts';
import type { Variable } from '../../src/config/variable.ts';
import { variables } from '../../src/config/variables.ts';
import { loadConfig } from '../../src/config.ts';

test('docs/configuration.md is the page that the code makes: else run `npm run configuration`', async () => {
  expect(await readFile(CONFIGURATION_PAGE, 'utf8')).toBe(configurationPage());
});

test('the descriptions name the defaults', () => {
  const { poll, auth, http } = loadConfig({});
  const derived: Record<string, string> = {
    AUTH_MODE: `\`open\` with \`A2E_API_TOKEN\`, else \`${auth.mode}\``,
    POLL_MAX_INTERVAL_MS: `\`${poll.maxIntervalMs}\``,
    GRAPHIQL: `\`${http.graphiql}\`, but \`false\` with \`NODE_ENV=production\``,
    INTROSPECTION: `\`${http.introspection}\`, but \`false\` with \`NODE_ENV=production\``,
  };
  const expected = Object.entries<Variable<unknown>>(variables).map(([name, { fallback }]) => {
    const none = fallback === null || (Array.isArray(fallback) && fallback.length === 0);
    return [name, derived[name] ?? (none ? 'none' : `\`${fallback}\``)];
  });
  expect(Object.entries(descriptions).map(([name, { fallback }]) => [name, fallback])).toEqual(expected);
});

test('the descriptions are right about defaults that derive from other variables', () => {
  expect(loadConfig({ A2E_API_TOKEN: 'a-token' }).auth.mode).toBe('open');
  expect(loadConfig({ NODE_ENV: 'production' }).http).toMatchObject({ graphiql: false, introspection: false });
});
