import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { type Ask, codesOf, SUBSCRIBING, TRANSPORTS } from '../../support/transports.ts';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('t1', { status: 'success' });
});
afterAll(() => pair[Symbol.asyncDispose]());

const QUERIES: Readonly<Record<string, Ask>> = {
  'null for a variable with a default': {
    query: 'query ($id: ID = "t1") { videoTask(id: $id) { id } }',
    variables: { id: null },
  },
  'null for a list variable with a default': {
    query: 'query ($ids: [ID!] = ["t1"]) { videoTasks(ids: $ids) { id } }',
    variables: { ids: null },
  },
  'null for an item of a list': {
    query: 'query ($id: ID = "t1") { videoTasks(ids: ["t1", $id]) { id } }',
    variables: { id: null },
  },
  'null in a list variable': {
    query: 'query ($ids: [ID!]!) { videoTasks(ids: $ids) { id } }',
    variables: { ids: ['t1', null] },
  },
  'null for @include at the root': {
    query: 'query ($p: Boolean = true) { videoTask(id: "t1") @include(if: $p) { id } }',
    variables: { p: null },
  },
  'null for @skip of a nested field': {
    query: 'query ($p: Boolean = true) { videoTask(id: "t1") { id @skip(if: $p) } }',
    variables: { p: null },
  },
  'null for an argument of an introspection': {
    query: 'query ($d: Boolean = true) { __type(name: "Query") { fields(includeDeprecated: $d) { name } } }',
    variables: { d: null },
  },
  'no value for a variable that has none': { query: 'query ($id: ID!) { videoTask(id: $id) { id } }' },
  'an object for an id': { query: 'query ($id: ID!) { videoTask(id: $id) { id } }', variables: { id: {} } },
};

describe.each(TRANSPORTS)('a query over %s', (_name, ask) => {
  test.each(Object.entries(QUERIES))('with %s has the code BAD_USER_INPUT', async (_what, asked) => {
    const answer = await ask(pair.gateway.url, asked);
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });
});

const SUBSCRIPTIONS: Readonly<Record<string, Ask>> = {
  'null for a variable with a default': {
    query: 'subscription ($id: ID = "t1") { taskStatus(id: $id) { id } }',
    variables: { id: null },
  },
  'null for an item of a list': {
    query: 'subscription ($id: ID = "t1") { taskStatuses(ids: [$id]) { id } }',
    variables: { id: null },
  },
  'null for @include of a nested field': {
    query: 'subscription ($p: Boolean = true) { taskStatus(id: "t1") { id @include(if: $p) } }',
    variables: { p: null },
  },
};

describe.each(SUBSCRIBING)('a subscription over %s', (_name, ask) => {
  test.each(Object.entries(SUBSCRIPTIONS))('with %s has the code BAD_USER_INPUT', async (_what, asked) => {
    const answer = await ask(pair.gateway.url, asked);
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  });
});
