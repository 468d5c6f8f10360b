import { isObjectType, type ObjectTypeDefinitionNode, parse, print } from 'graphql';
import { describe, expect, test } from 'vitest';
import { schema } from '../../src/schema/schema.ts';
import { Markdown } from './markdown.ts';

const page = await Markdown.read('docs/api.md');

describe('its account of the schema', () => {
  const definitions = page.codeBlocks
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
