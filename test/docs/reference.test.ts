import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { variables } from '../../src/config/variables.ts';
import { INTERNAL_SERVER_ERROR } from '../../src/schema/graphql-errors.ts';
import { startGateway } from '../support/gateway.ts';
import { DOCUMENTS, Markdown, ROOT } from './markdown.ts';

/** A kind of name that a user or an operator relies on, and the column of the page that defines each of them. */
interface Reference {
  readonly kind: string;
  readonly page: string;
  readonly column: string;
  /** Every name that the source has. */
  names(): Promise<readonly string[]>;
}

/** The sources of the gateway, without the simulator. */
const sources = await Promise.all(
  (await Array.fromAsync(glob('src/**/*.ts', { cwd: ROOT })))
    .filter((path) => !path.startsWith('src/simulator'))
    .map((path) => readFile(join(ROOT, path), 'utf8')),
);

/** The group `name` of each match in the sources, once each. */
function inSources(pattern: RegExp): readonly string[] {
  const names = sources.flatMap((text) => Array.from(text.matchAll(pattern), ({ groups }) => groups?.['name'] ?? ''));
  return [...new Set(names)];
}

/** The metrics of a gateway with every setting on which one depends. */
async function metricNames(): Promise<readonly string[]> {
  const away = { AUTH_JWKS_URL: 'http://127.0.0.1:1/', REDIS_URL: 'redis://127.0.0.1:1', UPSTREAM_MAX_RPS: '1000' };
  await using gateway = await startGateway({ AUTH_MODE: 'jwt', A2E_API_TOKEN: 'a-token', ...away });
  const text = await (await fetch(`${gateway.url}/metrics`)).text();
  return Array.from(text.matchAll(/^# TYPE (\S+) /gm), ([, name = '']) => name);
}
const metrics = await metricNames();

const REFERENCES: readonly Reference[] = [
  {
    kind: 'environment variable',
    page: 'docs/configuration.md',
    column: 'name',
    names: async () => Object.keys(variables),
  },
  {
    kind: 'error code',
    page: 'docs/api.md',
    column: 'code',
    names: async () => [...inSources(/(?:\bcode = |\bcode: |\berror, )'(?<name>[A-Z_]+)'/g), INTERNAL_SERVER_ERROR],
  },
  { kind: 'metric', page: 'docs/metrics.md', column: 'metric', names: async () => metrics },
  {
    kind: 'address',
    page: 'docs/addresses.md',
    column: 'path',
    // The paths that are compared with a request's, and the pages; the files that a page loads are no addresses.
    names: async () => inSources(/\bpathname === '(?<name>[^']+)'|^ *\['(?<name>\/[^']*)', '[\w-]+\.html'/gm),
  },
];

/**
 * A definition is a row of a table whose first cell is the name as code, or several such names. A name in another cell,
 * beside words, in the head of a table, in prose or in a list is a mention.
 */
interface Definition {
  readonly page: string;
  readonly column: string;
  readonly name: string;
}

const documents = await Promise.all(DOCUMENTS.filter((path) => path !== 'CHANGELOG.md').map(Markdown.read));
const definitions: readonly Definition[] = documents.flatMap(({ path, rows }) =>
  rows.flatMap(({ head: [column = ''], cells: [first = ''] }) =>
    /^`[^`]+`(?:, `[^`]+`)*$/.test(first) ? first.split(', ').map((name) => definition(path, column, name)) : [],
  ),
);

function definition(page: string, column: string, code: string): Definition {
  return { page, column, name: code.replaceAll('`', '') };
}

describe.each(REFERENCES)('each $kind', ({ page, column, names }) => {
  test('is defined exactly once in all documents, on its reference page', async () => {
    for (const name of await names()) {
      expect(definitions.filter((found) => found.name === name)).toEqual([{ page, column, name }]);
    }
  });

  test('on the reference page is one of the source', async () => {
    const known = await names();
    const listed = definitions.filter((found) => found.page === page && found.column === column);
    expect(known.length).toBeGreaterThan(5);
    expect(listed.map(({ name }) => name).toSorted()).toEqual(known.toSorted());
  });
});
