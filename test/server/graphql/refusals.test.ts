import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { ask, post } from '../../support/http-client.ts';
import { TRANSPORTS } from '../../support/transports.ts';

const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';
/** As urql sends it with queries. */
const URQL = `${GRAPHQL_TYPE}, application/graphql+json, ${JSON_TYPE}, text/event-stream, multipart/mixed`;
const IDS = Array.from({ length: 60 }, (_, index) => `t${index}`);

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair[Symbol.asyncDispose]());

const REFUSED: readonly (readonly [what: string, request: Record<string, unknown>, code: string | undefined])[] = [
  ['does not parse', { query: '{' }, 'GRAPHQL_PARSE_FAILED'],
  ['does not fit the schema', { query: '{ nope }' }, 'GRAPHQL_VALIDATION_FAILED'],
  ['lacks a variable', { query: 'query ($id: ID!) { videoTask(id: $id) { id } }' }, 'BAD_USER_INPUT'],
  [
    'names too many ids in all',
    {
      query: 'query ($i: [ID!]!) { a: videoTasks(ids: $i) { id } b: videoTasks(ids: $i) { id } }',
      variables: { i: IDS },
    },
    'OPERATION_TOO_COMPLEX',
  ],
  [
    'has a hash alone, without a list',
    { extensions: { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(64) } } },
    'PERSISTED_QUERY_NOT_SUPPORTED',
  ],
  [
    'names no operation of several',
    { query: 'query A { __typename } query B { __typename }' },
    'OPERATION_RESOLUTION_FAILURE',
  ],
  [
    'names an operation that is not there',
    { query: 'query A { __typename }', operationName: 'B' },
    'OPERATION_RESOLUTION_FAILURE',
  ],
];

function send(request: Record<string, unknown>, accept: string) {
  const headers = { 'content-type': JSON_TYPE, accept };
  return ask(`${pair.gateway.url}/graphql`, { method: 'POST', headers, body: JSON.stringify(request) });
}

describe.each(REFUSED)('an operation that %s', (_what, request, code) => {
  it.each([
    [GRAPHQL_TYPE, 400, GRAPHQL_TYPE],
    [JSON_TYPE, code === 'OPERATION_RESOLUTION_FAILURE' ? 400 : 200, JSON_TYPE],
    [URQL, 400, GRAPHQL_TYPE],
    [`text/event-stream;q=0.5, ${JSON_TYPE}`, code === 'OPERATION_RESOLUTION_FAILURE' ? 400 : 200, JSON_TYPE],
  ])('is refused to Accept: %s with %i', async (accept, status, type) => {
    const answer = await send(request, accept);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toBe(`${type}; charset=utf-8`);
    expect(answer.json()).toEqual({ errors: [expect.objectContaining({ extensions: { code } })] });
  });

  it('is refused over all transports with the same error, also after another client has asked', async () => {
    const answers = [];
    for (const [, transport] of [...TRANSPORTS, ...TRANSPORTS])
      answers.push(await transport(pair.gateway.url, request));
    for (const answer of answers) expect(answer.errors).toEqual(answers[0]?.errors);
  });
});

describe('a request that is none', () => {
  it.each([
    ['a body that is no JSON', `{"query":"${'x'.repeat(60_000)}`],
    ['an empty body', ''],
    ['no object', '"{ __typename }"'],
    ['no query', '{}'],
    ['a query that is no text', '{"query":{}}'],
    ['variables that are no object', '{"query":"{ __typename }","variables":[1]}'],
    ['extensions that are no object', '{"query":"{ __typename }","extensions":"x"}'],
    ['an operation name that is no text', '{"query":"{ __typename }","operationName":1}'],
  ])('is refused with 400 in few words: %s', async (_what, body) => {
    for (const accept of [JSON_TYPE, GRAPHQL_TYPE, URQL, 'text/event-stream']) {
      const headers = { 'content-type': JSON_TYPE, accept };
      const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'POST', headers, body });
      expect([accept, answer.status]).toEqual([accept, 400]);
      expect(answer.json()).toEqual({ errors: [{ message: expect.stringMatching(/^.{10,80}$/) }] });
    }
  });

  it('is refused with 415 when it is compressed', async () => {
    const headers = { 'content-type': JSON_TYPE, 'content-encoding': 'gzip' };
    expect(await ask(`${pair.gateway.url}/graphql`, { method: 'POST', headers, body: '{}' })).toMatchObject({
      status: 415,
    });
  });
});

it('a mutation by GET is refused with 405, and by POST as any document that does not fit the schema', async () => {
  for (const accept of [JSON_TYPE, GRAPHQL_TYPE]) {
    const url = `${pair.gateway.url}/graphql?query=mutation{__typename}`;
    expect(await ask(url, { headers: { accept } })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  }
  const { status, json } = await send({ query: 'mutation { __typename }' }, GRAPHQL_TYPE);
  expect(status).toBe(400);
  expect(json()).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
});

it('an empty operation name is the same as none', async () => {
  const search = 'query={__typename}&operationName=&variables=&extensions=';
  for (const accept of [JSON_TYPE, URQL])
    expect((await ask(`${pair.gateway.url}/graphql?${search}`, { headers: { accept } })).json()).toEqual({
      data: { __typename: 'Query' },
    });
  for (const [, transport] of TRANSPORTS)
    expect(await transport(pair.gateway.url, { query: '{ __typename }', operationName: '' })).toEqual({
      data: { __typename: 'Query' },
    });
});

it('a document that is not listed is no fault of the server', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'documents-'));
  const path = join(directory.path, 'documents.json');
  await writeFile(path, '{}');
  await using listed = await startPair({ TRUSTED_DOCUMENTS: path });
  for (const [accept, status] of [
    [GRAPHQL_TYPE, 400],
    [JSON_TYPE, 200],
  ] as const)
    expect(await post(listed.gateway.url, '{ __typename }', { headers: { accept } })).toMatchObject({ status });
});

describe('a query that takes a plain answer', () => {
  it('takes no slot of a stream', async () => {
    await using full = await startPair({ MAX_CONNECTIONS: '1' });
    full.simulator.setTask('job', { status: 'init' });
    const watch = 'subscription { taskStatus(id: "job") { status } }';
    const streams = { headers: { 'content-type': JSON_TYPE, accept: URQL } };
    const url = `${full.gateway.url}/graphql`;
    const stream = await fetch(url, { method: 'POST', ...streams, body: JSON.stringify({ query: watch }) });
    expect(stream.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect((await post(full.gateway.url, watch, { headers: { accept: URQL } })).status).toBe(503);
    const answer = await post(full.gateway.url, '{ videoTask(id: "job") { status } }', { headers: { accept: URQL } });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({ data: { videoTask: { status: 'INIT' } } });
    await stream.body?.cancel();
  });

  it('is asked about once when it is asked again with its tag', async () => {
    pair.simulator.setTask('done', { status: 'success' });
    const url = `${pair.gateway.url}/graphql?query={videoTask(id:"done"){status}}`;
    const { headers } = await ask(url, { headers: { accept: URQL } });
    const again = await ask(url, { headers: { accept: URQL, 'if-none-match': headers.etag ?? '' } });
    expect(again.status).toBe(304);
  });

  it.each([
    [`${JSON_TYPE};q=0.9, ${GRAPHQL_TYPE}`, GRAPHQL_TYPE],
    [`${GRAPHQL_TYPE};q=0.1, ${JSON_TYPE};q=0.9`, JSON_TYPE],
    [`text/html;q=0.1, ${JSON_TYPE}`, JSON_TYPE],
  ])('has the type that the weights prefer: %s', async (accept, type) => {
    for (const request of [
      ask(`${pair.gateway.url}/graphql?query={__typename}`, { headers: { accept } }),
      post(pair.gateway.url, '{ __typename }', { headers: { accept } }),
    ]) {
      const { status, headers } = await request;
      expect([status, headers['content-type']]).toEqual([200, `${type}; charset=utf-8`]);
    }
  });

  it('has one length in every media type', async () => {
    for (const accept of ['multipart/mixed', 'multipart/mixed, */*;q=0.1', JSON_TYPE, 'text/plain']) {
      const { headers } = await post(pair.gateway.url, '{ __typename }', { headers: { accept } });
      expect([accept, headers['transfer-encoding']]).toEqual([accept, undefined]);
      expect(headers['content-length']).toMatch(/^\d+$/);
    }
  });

  it('gets no stream that it has ruled out', async () => {
    const accept = `text/event-stream;q=0, ${JSON_TYPE}`;
    const answer = await post(pair.gateway.url, 'subscription { taskStatus(id: "x") { id } }', { headers: { accept } });
    expect(answer.status).toBe(406);
  });
});
