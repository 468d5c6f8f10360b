import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../../../src/schema/schema.ts';
import { subgraphSchema } from '../../../../src/schema/subgraph.ts';
import { namedIds } from '../../../../src/server/graphql/limits/id-count.ts';

function named(text: string, variables: Readonly<Record<string, unknown>> = {}, of = schema) {
  const document = parse(text);
  const definition = document.definitions.find((node) => node.kind === 'OperationDefinition');
  return definition ? namedIds(of, { document, definition }, variables) : [];
}

test('the ids of an operation are named once each, and malformed ones are left out', () => {
  const text = 'query ($ids: [ID!]!) { videoTask(id: "t1") { id } videoTasks(ids: $ids) { id } }';
  expect(named(text, { ids: ['t1', 't2', 'no id', 7] })).toEqual(['t1', 't2', '7']);
});

test('the representations of _entities name their ids', () => {
  const text = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on VideoTask { id } } }';
  const of = ['t1', 7, 'no id', null].map((id) => ({ __typename: 'VideoTask', id }));
  expect(named(text, { of }, subgraphSchema)).toEqual(['t1', '7']);
});

test.each([
  ['one without variables', '{ videoTask(id: "t1") { id } }', ['t1']],
  ['one whose variables do not fit', 'query ($id: ID!) { videoTask(id: $id) { id } }', []],
  ['one of a type that the schema has not', 'mutation { videoTask(id: "t1") { id } }', []],
])('an operation names the tasks that it can read: %s', (_what, text, ids) => {
  expect(named(text)).toEqual(ids);
});
