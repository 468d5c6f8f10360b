import { expect, it } from 'vitest';
import { preferredJsonType, prefersHtml } from '../../../src/server/http/accept.ts';

const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';

it.each([
  ['', JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  [GRAPHQL_TYPE, GRAPHQL_TYPE],
  [`${GRAPHQL_TYPE}, ${JSON_TYPE}`, GRAPHQL_TYPE],
  [`${JSON_TYPE}, ${GRAPHQL_TYPE}`, JSON_TYPE],
  [`${JSON_TYPE};q=0.9, ${GRAPHQL_TYPE}`, GRAPHQL_TYPE],
  [`${JSON_TYPE};q=0.9, ${GRAPHQL_TYPE};Q=0.5`, JSON_TYPE],
  [`*/*;q=0.1, ${GRAPHQL_TYPE};q=0.2`, GRAPHQL_TYPE],
  [`${JSON_TYPE};q=0, */*`, GRAPHQL_TYPE],
  [`${JSON_TYPE};q=0, ${GRAPHQL_TYPE};q=0, */*`, null],
  [`${JSON_TYPE}; charset=utf-8`, JSON_TYPE],
  [`${JSON_TYPE}; charset=iso-8859-1, ${GRAPHQL_TYPE};q=0.1`, GRAPHQL_TYPE],
  ['text/html', null],
  [`${JSON_TYPE};q=0`, null],
])('a result for Accept: %j has the type %j', (accept, type) => {
  expect(preferredJsonType(accept)).toBe(type);
});

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  [`text/html, ${JSON_TYPE}`, true],
  [`${JSON_TYPE}, text/html;q=0.5`, false],
  ['text/html;q=0', false],
  [`text/html;q=0, ${JSON_TYPE}`, false],
  ['*/*', false],
  ['', false],
])('Accept: %j prefers a page: %j', (accept, page) => {
  expect(prefersHtml(accept)).toBe(page);
});
