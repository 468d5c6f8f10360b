import { type DefinitionNode, isObjectType, type ObjectTypeDefinitionNode, parse, print } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { startPair } from '../support/gateway.ts';
import { openStream } from '../support/sse-client.ts';
import { Markdown } from './markdown.ts';
import { snippet } from './snippet.ts';

const page = await Markdown.read('docs/api.md');

describe('its account of the schema', () => {
  let definitions: readonly DefinitionNode[];

  beforeAll(async () => {
    const types = await snippet('docs/api.md', 'What you can ask', 'graphql');
    definitions = parse(types).definitions;
  });

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
    const named = page.spans.flatMap((span) => {
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

test('its subscription gets an event for each task, and completes', async () => {
  await using pair = await startPair();
  const query = await snippet('docs/api.md', 'What you can ask', 'graphql', 2);
  const ids = ['demo-finished-1', 'demo-finished-2'];
  await using stream = await openStream(pair.gateway.url, { query, variables: { ids } });
  const events = await stream.ended;
  expect(events.map(({ event }) => event)).toEqual(['next', 'next', 'complete']);
  const shown = events.flatMap(({ data }) => /"id":"([^"]+)"/.exec(JSON.stringify(data))?.[1] ?? []);
  expect(shown.toSorted()).toEqual(ids);
});
