import { createHash } from 'node:crypto';
import { parse, print } from 'graphql';
import { expect, test } from 'vitest';
import { extractDocuments } from '../../src/documents/extract.ts';

const FRAGMENT = 'fragment Look on VideoTask { status ...More }';
const APP = [
  { path: 'a/look.graphql', text: 'query Look($id: ID!) { videoTask(id: $id) { ...Look } }' },
  { path: 'a/fragments.gql', text: `${FRAGMENT} fragment More on VideoTask { progress }` },
  {
    path: 'b/watch.tsx',
    text:
      'const W = gql`\n subscription Watch($id: ID!) { taskStatus(id: $id) { ...Look } }\n $' +
      '{LOOK}`; const n = `no`;',
  },
  {
    path: 'b/call.ts',
    text:
      'const A = graphql(`query A { __typename }`); const B = /* GraphQL */ `query B { __typename }`;' +
      'const C = gql<{ c: Array<C> }, { id: string }>`query C { __typename }`',
  },
];

test('every operation is listed by the hash of its text, with all it spreads', () => {
  const documents = extractDocuments(APP);
  const texts = Object.values(documents);
  for (const [hash, text] of Object.entries(documents)) {
    expect(createHash('sha256').update(text).digest('hex')).toBe(hash);
    expect(print(parse(text))).toBe(text);
  }
  const watch = texts.find((text) => text.startsWith('subscription Watch'));
  expect(watch).toContain('fragment Look on VideoTask');
  expect(watch).toContain('fragment More on VideoTask');
  expect(texts.filter((text) => /query [ABC]\b/.test(text))).toHaveLength(3);
});

test('each is listed as clients with a normalised cache send it, too', () => {
  const texts = Object.values(extractDocuments(APP)).filter((text) => text.includes('query Look'));
  expect(texts).toHaveLength(2);
  expect(texts.map((text) => text.match(/__typename/g)?.length ?? 0)).toEqual([0, 3]);
});

test('an operation that cannot be listed is refused by name', () => {
  expect(() => extractDocuments([{ path: 'x.graphql', text: 'query {' }])).toThrow(/^x\.graphql: Syntax Error/);
  expect(() => extractDocuments(APP.slice(0, 1))).toThrow('There is no fragment Look');
});
