import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { schema } from '../../../src/schema/schema.ts';
import { DocumentStore, type StoredDocument } from '../../../src/server/graphql/document-store.ts';

/** More than the half of the operations that are kept. */
const LARGE = 60_000;
/** Deeper than the stack of a process. */
const DEEP = 20_000;
const limits = { tokens: 2 * LARGE, depth: 15, aliases: 15, rootFields: 20, directives: 20, ids: 100 };

function large(id: string) {
  return { query: `{ videoTasks(ids: [${`${id} `.repeat(LARGE)}]) { id } }`, hash: null };
}

function idsOf(stored: StoredDocument | null): unknown {
  return stored?.kind === 'valid' ? stored.operations.map(({ operation }) => operation.id) : stored;
}

function codesOf(stored: StoredDocument | null): unknown {
  return stored?.kind === 'invalid' ? stored.errors.map(({ extensions }) => extensions['code']) : stored;
}

test('a document whose operation was dropped for others is prepared again, and is the same', () => {
  const store = new DocumentStore({ schema, limits });
  const [first, second] = [large('1'), large('2')];
  const prepared = store.prepare(first);
  expect(idsOf(store.find(first))).toEqual(idsOf(prepared));
  store.prepare(second);
  expect(store.find(first)).toBeNull();
  expect(idsOf(store.prepare(first))).toEqual(idsOf(prepared));
});

test('a document of an operation that executes is found, whatever came after it', () => {
  const store = new DocumentStore({ schema, limits });
  const [first, second] = [large('1'), large('2')];
  const prepared = store.prepare(first);
  if (prepared.kind === 'valid')
    for (const { operation } of prepared.operations) store.budget.acquire(operation, 'caller');
  store.prepare(second);
  expect(idsOf(store.find(first))).toEqual(idsOf(prepared));
});

test.each([
  ['fields', `${'{a'.repeat(DEEP)}${'}'.repeat(DEEP)}`],
  ['lists', `{ videoTasks(ids: ${'['.repeat(DEEP)}${']'.repeat(DEEP)}) { id } }`],
])('%s that are nested deeper than the stack are refused, however many tokens are allowed', (_what, query) => {
  const store = new DocumentStore({ schema, limits });
  expect(codesOf(store.prepare({ query, hash: null }))).toEqual(['OPERATION_TOO_COMPLEX']);
});

test('a hash is refused alike whether it is looked up or prepared, with a list and without one', async () => {
  await using directory = await mkdtempDisposable(join(tmpdir(), 'documents-'));
  const trustedPath = join(directory.path, 'documents.json');
  await writeFile(trustedPath, JSON.stringify({ listed: '{ __typename }' }));
  const unlisted = { query: null, hash: 'unlisted' };
  const [open, trusted] = [new DocumentStore({ schema, limits }), new DocumentStore({ schema, limits, trustedPath })];
  expect([open.find(unlisted), open.prepare(unlisted)].map(codesOf)).toEqual([
    ['PERSISTED_QUERY_NOT_SUPPORTED'],
    ['PERSISTED_QUERY_NOT_SUPPORTED'],
  ]);
  expect([trusted.find(unlisted), trusted.prepare(unlisted)].map(codesOf)).toEqual([
    ['DOCUMENT_NOT_TRUSTED'],
    ['DOCUMENT_NOT_TRUSTED'],
  ]);
  const listed = { query: null, hash: 'listed' };
  expect(trusted.find(listed)).toMatchObject({ kind: 'valid' });
  expect(idsOf(trusted.prepare(listed))).toEqual(idsOf(trusted.find(listed)));
});
