import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isObjectType, type ObjectTypeDefinitionNode, parse, print, validate } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Variable } from '../../src/config/variable.ts';
import { variables } from '../../src/config/variables.ts';
import { loadConfig } from '../../src/config.ts';
import { INTERNAL_SERVER_ERROR } from '../../src/schema/graphql-errors.ts';
import { schema } from '../../src/schema/schema.ts';
import { operationsIn } from './graphql-texts.ts';
import { Markdown, ROOT } from './markdown.ts';

const readme = await Markdown.read('README.md');

/** What is between the backticks of a cell. */
function code(cell: string | undefined): string {
  return /^`([^`]*)`/.exec(cell ?? '')?.[1] ?? '';
}

describe('the configuration table', () => {
  const rows = readme.table('Configuration', 'name');
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

describe('the errors table', () => {
  test('lists every code', async () => {
    const source = await readFile(join(ROOT, 'src/errors.ts'), 'utf8');
    const union = /type ErrorCode =([^;]+);/.exec(source)?.[1] ?? '';
    const codes = Array.from(union.matchAll(/'([A-Z_]+)'/g), ([, name]) => name);
    expect(codes.length).toBeGreaterThan(5);
    expect(readme.table('Errors', 'code').map(([cell]) => code(cell))).toEqual([...codes, INTERNAL_SERVER_ERROR]);
  });
});

describe('its account of the schema', () => {
  const definitions = readme.codeBlocks
    .filter(({ language }) => language === 'graphql')
    .flatMap(({ text }) => parse(text).definitions);

  test('is in the schema: the types it prints, field by field', () => {
    const types = definitions.filter((node): node is ObjectTypeDefinitionNode => node.kind === 'ObjectTypeDefinition');
    expect(types.map(({ name }) => name.value)).toEqual(['Query', 'Subscription']);
    for (const { name, fields = [] } of types) {
      const type = schema.getType(name.value);
      const signatures = isObjectType(type)
        ? Object.values(type.getFields()).map(
            (field) =>
              `${field.name}(${field.args.map((arg) => `${arg.name}: ${arg.type}`).join(', ')}): ${field.type}`,
          )
        : [];
      expect(fields.map((field) => print(field))).toEqual(signatures);
    }
  });

  test('is in the schema: the statuses it prints', () => {
    const printed = definitions.flatMap((node) => (node.kind === 'EnumTypeDefinition' ? (node.values ?? []) : []));
    const type = schema.getType('VideoTaskStatus');
    const values = type && 'getValues' in type ? type.getValues() : [];
    expect(printed.map(({ name }) => name.value)).toEqual(values.map(({ name }) => name));
  });

  test('is in the schema: the types and fields it names', () => {
    const named = readme.spans.flatMap((span) => {
      const [, typeName = '', , fieldName] = /^((?:VideoTask|Query|Subscription)[A-Za-z]*)(\.(\w+))?$/.exec(span) ?? [];
      return typeName ? [{ span, typeName, fieldName }] : [];
    });
    const unknown = named.filter(({ typeName, fieldName }) => {
      const type = schema.getType(typeName);
      return !type || (fieldName !== undefined && !(isObjectType(type) && type.getFields()[fieldName]));
    });
    expect(named.length).toBeGreaterThan(5);
    expect(unknown.map(({ span }) => span)).toEqual([]);
  });
});

describe('the snippets', () => {
  const snippets = readme.codeBlocks.filter(({ language }) => ['graphql', 'js', 'jsx', 'sh'].includes(language));
  const operations = snippets.flatMap(({ text }) => operationsIn(text));

  test('fit the schema', () => {
    expect(operations.length).toBeGreaterThanOrEqual(7);
    expect(operations.flatMap((text) => validate(schema, parse(text)).map(({ message }) => message))).toEqual([]);
  });

  test('run scripts that package.json has', async () => {
    const { default: manifest } = await import('../../package.json', { with: { type: 'json' } });
    const others = await Promise.all(['CONTRIBUTING.md', 'examples/ticket/README.md'].map(Markdown.read));
    const texts = [readme, ...others]
      .flatMap(({ codeBlocks, spans }) => [...codeBlocks.map(({ text }) => text), ...spans])
      .join('\n');
    const run = Array.from(
      texts.matchAll(/npm (?:run (?:--silent )?(\w+)|(start|test))/g),
      ([, named, short]) => named ?? short ?? '',
    );
    expect(run.length).toBeGreaterThan(3);
    expect(run.filter((script) => !(script in manifest.scripts))).toEqual([]);
  });
});

describe('the names in capitals', () => {
  let known: ReadonlySet<string>;

  beforeAll(async () => {
    const errors = await readFile(join(ROOT, 'src/errors.ts'), 'utf8');
    const codes = Array.from(errors.matchAll(/'([A-Z_]+)'/g), ([, name = '']) => name);
    known = new Set([...Object.keys(variables), ...codes, INTERNAL_SERVER_ERROR, 'NODE_ENV', 'NODE_EXTRA_CA_CERTS']);
  });

  test.each(['README.md', 'examples/deploy/README.md', 'examples/front-end/README.md'])('exist: %s', async (path) => {
    const { spans } = await Markdown.read(path);
    const names = spans.flatMap((span) => span.match(/\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/g) ?? []);
    expect(names.filter((name) => !known.has(name) && name !== 'GATEWAY_URL')).toEqual([]);
  });
});
