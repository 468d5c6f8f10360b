import { describe, expect, test } from 'vitest';
import type { Variable } from '../../src/config/variable.ts';
import { variables } from '../../src/config/variables.ts';
import { loadConfig } from '../../src/config.ts';
import { Markdown } from './markdown.ts';

const page = await Markdown.read('docs/configuration.md');

/** What is between the backticks of a cell. */
function code(cell: string | undefined): string {
  return /^`([^`]*)`/.exec(cell ?? '')?.[1] ?? '';
}

describe('the configuration table', () => {
  const rows = page.table('Configuration', 'name');
  const defaultOf = new Map(rows.map(([name, fallback = '']) => [code(name), fallback]));

  test('lists every variable, in the order they are declared', () => {
    expect([...defaultOf.keys()]).toEqual(Object.keys(variables));
  });

  test('names the defaults', () => {
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
    expect([...defaultOf]).toEqual(expected);
  });

  test('is right about what derives from other variables', () => {
    expect(loadConfig({ A2E_API_TOKEN: 'a-token' }).auth.mode).toBe('open');
    expect(loadConfig({ NODE_ENV: 'production' }).http).toMatchObject({ graphiql: false, introspection: false });
  });
});
