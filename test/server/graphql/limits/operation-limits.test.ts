import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pair, startPair } from '../../../support/gateway.ts';
import { codesOf, TRANSPORTS } from '../../../support/transports.ts';

const TOO_COMPLEX = 'OPERATION_TOO_COMPLEX';
const ids = (count: number, from = 0) => Array.from({ length: count }, (_, index) => `id${from + index}`);
const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => text(i)).join(' ');

/** Fragments of which each spreads the next twice: 2^30 of what the last one has. */
const bomb = (last: string) =>
  `${many(30, (n) => `fragment F${n} on VideoTask { ...F${n + 1} ...F${n + 1} }`)} fragment F30 on VideoTask { ${last} }`;

const refused: Readonly<Record<string, string>> = {
  'a depth bomb': `{ __schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } } }`,
  'an alias bomb': `{ ${many(16, (n) => `a${n}: videoTask(id: "t1") { id }`)} }`,
  'an alias bomb in a fragment': `{ videoTask(id: "t1") { ...F } } fragment F on VideoTask { ${many(16, (n) => `a${n}: id`)} }`,
  'root fields': `{ ${many(21, () => '__typename')} }`,
  'root fields spread': `{ ${many(21, () => '...F')} } fragment F on Query { __typename }`,
  'a directive bomb': `{ videoTask(id: "t1") { id ${'@skip(if: true) '.repeat(21)} } }`,
  'a directive bomb over fields': `{ videoTask(id: "t1") { ${many(21, () => 'id @skip(if: true)')} } }`,
  'a fragment bomb of aliases': `{ videoTask(id: "t1") { ...F0 } } ${bomb('a: id')}`,
  'a fragment bomb of directives': `{ videoTask(id: "t1") { ...F0 } } ${bomb('id @skip(if: false)')}`,
  'a token bomb': `{ videoTask(id: "t1") { ${'id '.repeat(1000)} } }`,
  'a token bomb that is no GraphQL in the end': `{ ${'a '.repeat(2000)} !`,
  'more ids than one field may name, in several': `query { a: videoTasks(ids: ${JSON.stringify(ids(60))}) { id } b: videoTasks(ids: ${JSON.stringify(ids(60, 60))}) { id } }`,
};

describe.each(TRANSPORTS)('over %s', (_name, ask) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
    pair.simulator.addTask('t1');
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  test.each(Object.entries(refused))('%s is refused before any call upstream', async (_what, query) => {
    const before = pair.simulator.totalCalls();
    expect(codesOf(await ask(pair.gateway.url, { query }))).toEqual([TOO_COMPLEX]);
    expect(pair.simulator.totalCalls()).toBe(before);
  });

  test('ids in variables count as well', async () => {
    const query =
      'query Q($a: [ID!]!, $b: [ID!]! = ["x"]) { videoTasks(ids: $a) { id } b: videoTasks(ids: $b) { id } }';
    const asked = { query, variables: { a: ids(100) } };
    expect(codesOf(await ask(pair.gateway.url, asked))).toEqual([TOO_COMPLEX]);
    expect(pair.simulator.totalCalls()).toBe(0);
  });

  test('too many ids in one field stay the mistake of that field', async () => {
    const query = 'query Q($a: [ID!]!) { videoTasks(ids: $a) { id } }';
    expect(codesOf(await ask(pair.gateway.url, { query, variables: { a: ids(101) } }))).toEqual(['BAD_USER_INPUT']);
  });

  test('an introspection by GraphiQL is answered', async () => {
    const query = getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true, schemaDescription: true });
    const { data, errors } = await ask(pair.gateway.url, { query });
    expect(errors).toBeUndefined();
    expect(data).toHaveProperty('__schema.types');
  });

  test('what is just within the limits is answered', async () => {
    const aliases = many(15, (n) => `a${n}: videoTask(id: "t1") { id }`);
    const query = `{ ${aliases} ${many(5, () => '__typename')} }`;
    expect((await ask(pair.gateway.url, { query })).data).toMatchObject({ a14: { id: 't1' }, __typename: 'Query' });
  });

  test('variables nested without end are refused', async () => {
    const variables = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
    const { errors } = await ask(pair.gateway.url, {
      query: 'query Q($id: ID!) { videoTask(id: $id) { id } }',
      variables: { id: JSON.parse(variables) as unknown },
    });
    expect(errors).toHaveLength(1);
    expect(JSON.stringify(errors)).not.toContain('INTERNAL');
    expect(pair.gateway.counts().liveResults).toBe(0);
  });

  test('the limits are the configured ones', async () => {
    await using tight = await startPair({ MAX_DEPTH: '1', MAX_TOKENS: '30', MAX_ALIASES: '0', MAX_ROOT_FIELDS: '1' });
    const { url } = tight.gateway;
    expect(codesOf(await ask(url, { query: '{ videoTask(id: "t1") { id } }' }))).toEqual([TOO_COMPLEX]);
    expect(codesOf(await ask(url, { query: '{ a: __typename }' }))).toEqual([TOO_COMPLEX]);
    expect(codesOf(await ask(url, { query: '{ __typename __typename }' }))).toEqual([TOO_COMPLEX]);
    expect(codesOf(await ask(url, { query: `{ ${'__typename '.repeat(30)} }` }))).toEqual([TOO_COMPLEX]);
    expect((await ask(url, { query: '{ __typename }' })).data).toEqual({ __typename: 'Query' });
  });
});

describe.each(TRANSPORTS)('in production, over %s', (_name, ask) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({ NODE_ENV: 'production' });
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  test.each(['{ __schema { types { name } } }', '{ __type(name: "VideoTask") { name } }'])(
    'there is no introspection: %s',
    async (query) => {
      const { errors, data } = await ask(pair.gateway.url, { query });
      expect(errors?.[0]?.message).toMatch(/introspection has been disabled/);
      expect(data ?? null).toBeNull();
    },
  );

  test.each([
    ['a field', { query: '{ videoTsk(id: "a") { id } }' }],
    ['a field of a type', { query: '{ videoTask(id: "a") { statu } }' }],
    ['an argument', { query: '{ videoTask(idd: "a") { id } }' }],
    ['a type', { query: 'query Q($id: Ib!) { videoTask(id: $id) { id } }' }],
    ['a fragment on a type', { query: '{ ...F } fragment F on Quer { __typename }' }],
    ['a directive argument', { query: '{ __typename @skip(iff: true) }' }],
    ['a variable', { query: 'query Q($id: ID!) { videoTask(id: $id) { id } }', variables: { id: { idd: 1 } } }],
    ['a list variable', { query: 'query Q($ids: [ID!]!) { videoTasks(ids: $ids) { id } }', variables: { ids: [{}] } }],
    ['a subscription', { query: 'subscription { taskStatu(id: "a") { id } }' }],
  ])('a mistaken %s is told without suggestions', async (_what, asked) => {
    const { errors } = await ask(pair.gateway.url, asked);
    expect(errors?.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean/i);
  });
});
