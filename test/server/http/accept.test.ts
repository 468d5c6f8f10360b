import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { preferredJsonType, prefersHtml } from '../../../src/server/http/accept.ts';
import { negotiateStream } from '../../../src/server/stream/negotiate.ts';

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
  [`${JSON_TYPE};q=0.5, */*;q=0.8`, GRAPHQL_TYPE],
  [`*/*;q=0, ${JSON_TYPE}`, JSON_TYPE],
  [`*/*;q=0.5, application/*;q=0`, null],
  [`application/*;q=0.2, ${GRAPHQL_TYPE};q=0.1`, JSON_TYPE],
  [`*/*, ${GRAPHQL_TYPE}`, GRAPHQL_TYPE],
  [` ${GRAPHQL_TYPE} ; q=0.1 , ${JSON_TYPE} ;\tq=0.2`, JSON_TYPE],
  [`Application/GraphQL-Response+JSON`, GRAPHQL_TYPE],
  [`,, ${JSON_TYPE},`, JSON_TYPE],
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
  ['*/*, text/html;q=0', false],
  ['text/html;q=0.8, */*;q=0.9', false],
  ['*/*, text/html', true],
  [`text/html;q=0.5, ${JSON_TYPE};q=0.4, text/event-stream;q=0.3`, true],
  [`text/html;q=0, ${JSON_TYPE}`, false],
  ['*/*', false],
  ['', false],
])('Accept: %j prefers a page: %j', (accept, page) => {
  expect(prefersHtml(accept)).toBe(page);
});

const SSE = 'text/event-stream';
const APOLLO = 'multipart/mixed;subscriptionSpec=1.0';

it.each([
  [SSE, SSE, null],
  [`${SSE}, */*`, SSE, null],
  [`*/*, ${SSE}`, SSE, null],
  [`*/*, ${SSE};q=0.1`, SSE, JSON_TYPE],
  [`application/*, ${SSE};q=0.5`, SSE, JSON_TYPE],
  [`${SSE}, */*;q=0.9`, SSE, null],
  [`${JSON_TYPE};q=0, */*, ${SSE};q=0.5`, SSE, GRAPHQL_TYPE],
  [`${JSON_TYPE};charset=iso-8859-1, ${SSE}`, SSE, null],
  [`${JSON_TYPE}, ${SSE}`, SSE, JSON_TYPE],
  [`${SSE}, ${JSON_TYPE}`, SSE, JSON_TYPE],
  [`${SSE};q=0.1, ${JSON_TYPE};q=0.5, ${GRAPHQL_TYPE};q=0.9`, SSE, GRAPHQL_TYPE],
  [`${SSE}, ${JSON_TYPE};q=0.9`, SSE, null],
  [`${SSE};q=0, ${JSON_TYPE}`, null, null],
  [`${SSE};q=0.5, ${APOLLO};q=0.9`, 'multipart/mixed', null],
  [`${APOLLO};q=0.5, ${SSE};q=0.9`, SSE, null],
  [`${APOLLO};q=0, ${SSE}`, SSE, null],
  [`${APOLLO}, ${GRAPHQL_TYPE};q=0.9, ${JSON_TYPE};q=0.8`, 'multipart/mixed', GRAPHQL_TYPE],
  [`${APOLLO}, */*;q=0.5`, 'multipart/mixed', JSON_TYPE],
  [APOLLO, 'multipart/mixed', null],
  ['multipart/mixed', null, null],
])('a subscription for Accept: %s streams as %j, and a query is %j', (accept, stream, json) => {
  const negotiated = negotiateStream({ headers: { accept } } as IncomingMessage);
  expect(negotiated?.format.contentType.split(';')[0] ?? null).toBe(stream);
  expect(negotiated?.json ?? null).toBe(json);
});

it.each([
  [SSE, true],
  [`${SSE}, multipart/mixed`, true],
  [`${SSE}, ${JSON_TYPE}`, true],
  [`*/*, ${SSE}`, true],
  [`${JSON_TYPE};q=0.9, ${SSE}`, true],
  [`${APOLLO}, ${GRAPHQL_TYPE}, ${JSON_TYPE};q=0.9`, true],
  [`${GRAPHQL_TYPE}, application/graphql+json, ${JSON_TYPE}, ${SSE}, multipart/mixed`, false],
  [`${SSE};q=0.5, ${JSON_TYPE}`, false],
  [`*/*, ${SSE};q=0.5`, false],
])('a stream is the first choice of Accept: %s: %j', (accept, isFirstChoice) => {
  expect(negotiateStream({ headers: { accept } } as IncomingMessage)?.isFirstChoice).toBe(isFirstChoice);
});
