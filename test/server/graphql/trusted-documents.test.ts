import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/config.ts';
import { extractDocuments } from '../../../src/documents/extract.ts';
import { type Pair, startPair } from '../../support/gateway.ts';
import { codesOf, SUBSCRIBING, TRANSPORTS } from '../../support/transports.ts';

const LOOK = 'query Look($id: ID!) {\n  videoTask(id: $id) {\n    id\n  }\n}';
const LISTED = { ...extractDocuments([{ path: 'look.graphql', text: LOOK }]), custom: '{ __typename }' };
const HASH = Object.keys(LISTED)[0] ?? '';

async function withList(content: string): Promise<Pair> {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'documents-'));
  const path = join(directory.path, 'documents.json');
  await writeFile(path, content);
  return await startPair({ TRUSTED_DOCUMENTS: path });
}

describe.each(TRANSPORTS)('over %s', (_name, ask) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await withList(JSON.stringify(LISTED));
    pair.simulator.addTask('t1');
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  const variables = { id: 't1' };
  test.each([
    ['by documentId', { documentId: HASH, variables }],
    ['by the hash of Apollo', { extensions: { persistedQuery: { version: 1, sha256Hash: HASH } }, variables }],
    ['by documentId, with an empty text', { query: '', documentId: HASH, variables }],
    [
      'by the hash of Apollo, with an empty text',
      { query: '', extensions: { persistedQuery: { version: 1, sha256Hash: HASH } }, variables },
    ],
    ['by documentId, with null for the text', { query: null, documentId: HASH, variables }],
    ['by documentId with its algorithm', { documentId: `sha256:${HASH}`, variables }],
    [
      'by the hash of Apollo, with null for the text',
      { query: null, extensions: { persistedQuery: { version: 1, sha256Hash: HASH } }, variables },
    ],
    ['by its full text', { query: LOOK, variables }],
    ['by its text, spaced otherwise', { query: `# a comment\n${LOOK.replaceAll('\n', ' ')}`, variables }],
    ['by its text and hash', { query: LOOK, documentId: HASH, variables }],
  ])('a listed document is executed %s', async (_how, asked) => {
    expect(await ask(pair.gateway.url, asked)).toEqual({ data: { videoTask: { id: 't1' } } });
  });

  test.each([
    ['an unknown hash', { documentId: 'unknown' }],
    ['an empty text with an unknown hash', { query: '', documentId: 'unknown' }],
    ['an empty text alone', { query: '' }],
    ['a hash named like a part of every object', { documentId: '__proto__' }],
    ['an unknown hash of Apollo', { extensions: { persistedQuery: { version: 1, sha256Hash: 'f'.repeat(64) } } }],
    ['another text', { query: '{ videoTask(id: "t1") { status } }' }],
    ['another text with a listed hash', { query: '{ videoTask(id: "t1") { status } }', documentId: HASH }],
    ['a listed operation with one beside it', { query: `${LOOK} query Other { __typename }` }],
    ['an introspection', { query: '{ __schema { types { name } } }' }],
    ['no GraphQL', { query: '{' }],
  ])('%s is not', async (_what, asked) => {
    const before = pair.simulator.totalCalls();
    expect(codesOf(await ask(pair.gateway.url, asked))).toEqual(['DOCUMENT_NOT_TRUSTED']);
    expect(pair.simulator.totalCalls()).toBe(before);
  });

  test('without a list a hash alone is answered as clients with automatic persisted queries expect', async () => {
    await using plain = await startPair();
    const asked = { extensions: { persistedQuery: { version: 1, sha256Hash: HASH } } };
    expect(codesOf(await ask(plain.gateway.url, asked))).toEqual(['PERSISTED_QUERY_NOT_SUPPORTED']);
  });
});

const WATCH = 'subscription ($id: ID!) { taskStatus(id: $id) { id } }';

test.each(SUBSCRIBING)(
  'a listed subscription over %s is executed by its hash, with null for the text',
  async (_name, ask) => {
    await using pair = await withList(JSON.stringify({ watch: WATCH }));
    pair.simulator.setTask('t1', { status: 'success' });
    const persistedQuery = { version: 1, sha256Hash: 'watch' };
    for (const reference of [
      { documentId: 'watch' },
      { documentId: 'sha256:watch' },
      { extensions: { persistedQuery } },
    ]) {
      const answer = await ask(pair.gateway.url, { query: null, ...reference, variables: { id: 't1' } });
      expect(answer).toEqual({ data: { taskStatus: { id: 't1' } } });
    }
  },
);

test("a document is found by GET with Apollo's hash in `extensions`", async () => {
  await using pair = await withList(JSON.stringify(LISTED));
  pair.simulator.addTask('t1');
  const extensions = JSON.stringify({ persistedQuery: { version: 1, sha256Hash: HASH } });
  const search = new URLSearchParams({ extensions, variables: '{"id":"t1"}' });
  const accept = 'application/json';
  const response = await fetch(`${pair.gateway.url}/graphql?${search}`, { headers: { accept } });
  expect(await response.json()).toEqual({ data: { videoTask: { id: 't1' } } });
});

const MANIFEST = {
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: [{ id: 'any-id', body: LOOK, name: 'Look', type: 'query' }],
};

describe.each([
  ["Apollo's manifest", MANIFEST, 'any-id'],
  ['a map with another hash, as Relay writes it', { '0123456789abcdef0123456789abcdef': LOOK }, undefined],
  ['a map with the algorithm in front', { [`sha256:${HASH}`]: LOOK }, `sha256:${HASH}`],
])('%s', (_what, listed, listedId) => {
  test.each([listedId ?? Object.keys(listed)[0], HASH, `sha256:${HASH}`])('lists a document as %s', async (id) => {
    await using pair = await withList(JSON.stringify(listed));
    pair.simulator.addTask('t1');
    for (const [name, ask] of TRANSPORTS) {
      const answer = await ask(pair.gateway.url, { documentId: id ?? '', variables: { id: 't1' } });
      expect(answer, name).toEqual({ data: { videoTask: { id: 't1' } } });
    }
  });
});

test('a document is found by GET as well', async () => {
  await using pair = await withList(JSON.stringify(LISTED));
  pair.simulator.addTask('t1');
  for (const query of [{}, { query: '' }]) {
    const search = new URLSearchParams({ ...query, documentId: HASH, variables: '{"id":"t1"}' });
    for (const accept of ['application/json', 'text/event-stream']) {
      const response = await fetch(`${pair.gateway.url}/graphql?${search}`, { headers: { accept } });
      expect(await response.text(), accept).toContain('{"data":{"videoTask":{"id":"t1"}}}');
    }
  }
});

test.each([
  ['no JSON', '{', 'it is no JSON'],
  ['a manifest of another version', JSON.stringify({ ...MANIFEST, version: 2 }), 'a manifest of version 1'],
  ['a manifest without operations', JSON.stringify({ ...MANIFEST, operations: {} }), '"operations" are no list'],
  ['a manifest without a body', JSON.stringify({ ...MANIFEST, operations: [{ id: 'a' }] }), 'operation 0 has no'],
  ['no object', '["{ __typename }"]', 'it is no object'],
  ['a value that is no text', '{"a":1}', '"a" is no text'],
  ['a document that does not parse', '{"a":"{"}', '"a": Syntax Error'],
  ['a document that does not fit the schema', '{"a":"{ nope }"}', '"a": Cannot query field "nope"'],
  [
    'a document past the limits',
    JSON.stringify({ a: `{ ${'__typename '.repeat(21)} }` }),
    '"a": An operation may have',
  ],
])('%s stops the start', async (_what, content, reason) => {
  const failure = await withList(content).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ConfigError);
  expect(String(failure)).toContain('TRUSTED_DOCUMENTS is');
  expect(String(failure)).toContain(reason);
});

test('a file that is not there stops the start', async () => {
  await expect(startPair({ TRUSTED_DOCUMENTS: '/nowhere.json' })).rejects.toThrow('it cannot be read');
});
