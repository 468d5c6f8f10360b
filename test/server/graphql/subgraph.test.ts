import { mkdtempDisposable, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintTicket } from '../../../examples/ticket/mint-ticket.ts';
import { type Pair, startPair, TOKEN } from '../../support/gateway.ts';
import { ask as askHttp, post } from '../../support/http-client.ts';
import { type Ask, codesOf, TRANSPORTS } from '../../support/transports.ts';

const SDL = await readFile(join(import.meta.dirname, '../../../schema.subgraph.graphql'), 'utf8');
const SECRET = 'a secret of at least thirty-two bytes';
/** As a router asks. */
const ENTITIES = 'query ($of: [_Any!]!) { _entities(representations: $of) { ... on VideoTask { id status } } }';
const MAX_IDS = 3;
/** No poll but the first one. */
const ONCE = { POLL_INTERVAL_MS: '3600000', POLL_MAX_INTERVAL_MS: '3600000' };

function tasks(...ids: readonly unknown[]): readonly unknown[] {
  return ids.map((id) => ({ __typename: 'VideoTask', id }));
}

function entities(of: unknown): Ask {
  return { query: ENTITIES, variables: { of } };
}

let pair: Pair;
beforeAll(async () => {
  const env = { SUBGRAPH: 'true', INTROSPECTION: 'false', MAX_IDS: `${MAX_IDS}`, ...ONCE };
  pair = await startPair(env, { autoCreate: () => false });
  for (const id of ['t1', 't2', '7']) pair.simulator.setTask(id, { status: 'process', process: 1 });
});
afterAll(() => pair[Symbol.asyncDispose]());

describe.each(TRANSPORTS)('a subgraph, over %s', (_name, ask) => {
  test('gives its schema without introspection too', async () => {
    expect(await ask(pair.gateway.url, { query: '{ _service { sdl } }' })).toEqual({
      data: { _service: { sdl: SDL } },
    });
    expect(codesOf(await ask(pair.gateway.url, { query: '{ __schema { queryType { name } } }' }))).not.toEqual([]);
  });

  test('resolves entities in the order asked, each task by one call', async () => {
    const { data, errors } = await ask(pair.gateway.url, entities(tasks('t2', 't1', 't2')));
    const status = 'PROCESS';
    expect({ data, errors }).toEqual({ data: { _entities: ['t2', 't1', 't2'].map((id) => ({ id, status })) } });
    expect(pair.simulator.countFor('t2')).toBe(1);
  });

  test('answers null for a task that A2E does not know', async () => {
    expect(await ask(pair.gateway.url, entities(tasks('nowhere')))).toEqual({ data: { _entities: [null] } });
  });

  test.each([
    ['of another type', { __typename: 'Film', id: 't1' }, 'no entity "Film": only VideoTask'],
    ['without a type', { id: 't1' }, 'needs a __typename'],
    ['without its key', { __typename: 'VideoTask' }, 'needs its id'],
    ['with a key that is an object', { __typename: 'VideoTask', id: { id: 't1' } }, 'needs its id'],
    ['with a malformed id', { __typename: 'VideoTask', id: '../x' }, 'is not a task id'],
    ['that is a text', 't1', 'is an object'],
    ['that is a list', [{ __typename: 'VideoTask', id: 't1' }], 'is an object'],
  ])('a representation %s fails alone', async (_what, wrong, message) => {
    const { data, errors } = await ask(pair.gateway.url, entities([wrong, ...tasks('t1')]));
    expect(data).toEqual({ _entities: [null, { id: 't1', status: 'PROCESS' }] });
    const error = { path: ['_entities', 0], extensions: { code: 'BAD_USER_INPUT' } };
    expect(errors).toMatchObject([{ ...error, message: expect.stringContaining(message) }]);
  });

  test.each([
    ['null for all', null],
    ['null for one', [null]],
  ])('%s is refused before a task is read', async (_what, of) => {
    expect(codesOf(await ask(pair.gateway.url, entities(of)))).toEqual(['BAD_USER_INPUT']);
  });
});

describe('MAX_IDS of a subgraph', () => {
  const ask = (query: string, variables: Record<string, unknown> = {}) =>
    post(pair.gateway.url, query, { variables }).then((answer) => answer.json() as { errors?: [] });

  test('bounds the representations of one field', async () => {
    expect(codesOf(await ask(ENTITIES, { of: tasks('a', 'b', 'c', 'd') }))).toEqual(['BAD_USER_INPUT']);
  });

  test.each([
    [
      'a field of ids',
      'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } videoTask(id: "c") { id } }',
    ],
    [
      'an alias',
      'query ($of: [_Any!]!) { a: _entities(representations: $of) { __typename } b: _entities(representations: $of) { __typename } }',
    ],
    [
      'a fragment, and a single value in the place of the list',
      'query ($of: [_Any!]!) { ...F _entities(representations: $of) { __typename } } ' +
        'fragment F on Query { c: _entities(representations: { __typename: "VideoTask", id: "c" }) { __typename } }',
    ],
  ])('counts representations together with %s', async (_what, query) => {
    expect(codesOf(await ask(query, { of: tasks('a', 'b', 'c') }))).toEqual(['OPERATION_TOO_COMPLEX']);
    for (const id of ['a', 'b', 'c']) expect(pair.simulator.countFor(id)).toBe(0);
  });

  test('does not count what is skipped', async () => {
    const query =
      'query ($of: [_Any!]!) { _entities(representations: $of) { __typename } ' +
      'b: _entities(representations: $of) @skip(if: true) { __typename } videoTask(id: "c") @include(if: false) { id } }';
    expect(await ask(query, { of: tasks('t1', 't2', 't1') })).not.toHaveProperty('errors');
  });

  test('takes literals, with variables in them, and an id that is a number', async () => {
    const query =
      'query ($id: ID!) { _entities(representations: [{ __typename: "VideoTask", id: $id }, ' +
      '{ __typename: "VideoTask", id: 7 }]) { ... on VideoTask { id } } }';
    expect(await ask(query, { id: 't1' })).toEqual({ data: { _entities: [{ id: 't1' }, { id: '7' }] } });
  });
});

test('a repeated request for entities is answered with the same bytes', async () => {
  const url = new URL(`${pair.gateway.url}/graphql`);
  url.searchParams.set('query', ENTITIES);
  url.searchParams.set('variables', JSON.stringify({ of: tasks('t1') }));
  const { headers, body } = await askHttp(url);
  expect(body).toContain('t1');
  expect(await askHttp(url, { headers: { 'if-none-match': `${headers.etag}` } })).toMatchObject({ status: 304 });
});

test('a ticket covers its entity and no other', async () => {
  await using jwt = await startPair({ SUBGRAPH: 'true', AUTH_MODE: 'jwt', AUTH_JWT_SECRET: SECRET });
  for (const id of ['t1', 't2']) jwt.simulator.addTask(id);
  const ticket = await mintTicket('t1', { secret: SECRET });
  for (const [, ask] of TRANSPORTS) {
    const { data, errors } = await ask(jwt.gateway.url, entities(tasks('t1', 't2')), ticket);
    expect(data).toMatchObject({ _entities: [{ id: 't1' }, null] });
    expect(errors).toMatchObject([{ path: ['_entities', 1], extensions: { code: 'FORBIDDEN', id: 't2' } }]);
  }
  expect(jwt.simulator.countFor('t2')).toBe(0);
});

test('in passthrough entities are read with the token of the caller', async () => {
  await using passthrough = await startPair({ SUBGRAPH: 'true', A2E_API_TOKEN: '', ...ONCE });
  passthrough.simulator.addTask('t1');
  const [, [, ask]] = TRANSPORTS as [unknown, (typeof TRANSPORTS)[number]];
  expect(await ask(passthrough.gateway.url, entities(tasks('t1')), TOKEN)).not.toHaveProperty('errors');
  expect(codesOf(await ask(passthrough.gateway.url, entities(tasks('t1')), 'another'))).toEqual(['UNAUTHENTICATED']);
});

test('trusted documents of a subgraph may be those of a router, and no other is executed', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'documents-'));
  const path = join(directory.path, 'documents.json');
  await writeFile(path, JSON.stringify({ entities: ENTITIES }));
  await using listed = await startPair({ SUBGRAPH: 'true', TRUSTED_DOCUMENTS: path });
  listed.simulator.addTask('t1');
  const ask = async ({ query, variables = {} }: Ask) =>
    (await post(listed.gateway.url, `${query}`, { variables })).json() as { errors?: [] };
  expect(await ask(entities(tasks('t1')))).not.toHaveProperty('errors');
  expect(codesOf(await ask({ query: '{ _service { sdl } }' }))).toEqual(['DOCUMENT_NOT_TRUSTED']);
});

test('a gateway that is no subgraph has no fields of one', async () => {
  await using plain = await startPair();
  const { errors = [] } = (await post(plain.gateway.url, '{ _service { sdl } }')).json() as { errors?: [] };
  expect(codesOf({ errors })).toEqual(['GRAPHQL_VALIDATION_FAILED']);
});
