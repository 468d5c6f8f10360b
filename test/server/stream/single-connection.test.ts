import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';

const ORIGIN = 'https://app.example';
const QUERY = { query: '{ __typename }' };
const TOKEN_HEADER = 'x-graphql-event-stream-token';
const JSON_BODY = { 'content-type': 'application/json' };
const STREAM = { accept: 'text/event-stream' };

let pair: Pair;
beforeAll(async () => {
  pair = await startPair({ CORS_ORIGINS: ORIGIN });
});
afterAll(() => pair[Symbol.asyncDispose]());

describe('the single connection mode of GraphQL over SSE', () => {
  it.each([
    ['a reservation', 405, 'PUT', '', {}],
    ['a reservation with a token of its own', 405, 'PUT', '', { [TOKEN_HEADER]: 'mine' }],
    ['a stream that names a reservation in a header', 400, 'GET', '', { ...STREAM, [TOKEN_HEADER]: 'mine' }],
    ['a stream that names a reservation in its URL', 400, 'GET', '?token=mine', STREAM],
    ['a stream by POST that names a reservation', 400, 'POST', '?token=mine', { ...STREAM, ...JSON_BODY }],
    ['an operation of a reservation', 400, 'POST', '', { ...JSON_BODY, [TOKEN_HEADER]: 'mine' }],
    ['the end of an operation', 405, 'DELETE', '?operationId=1', { [TOKEN_HEADER]: 'mine' }],
  ])('is refused in words that name the alternative: %s', async (_request, status, method, search, headers) => {
    const body = method === 'POST' ? { body: JSON.stringify(QUERY) } : {};
    const answer = await ask(`${pair.gateway.url}/graphql${search}`, { method, headers, ...body });
    expect(answer.status).toBe(status);
    expect(answer.headers.allow).toBe(status === 405 ? 'GET, POST' : undefined);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toEqual({ errors: [{ message: expect.stringContaining('distinct connections mode') }] });
  });

  it('is refused before the credentials are looked at', async () => {
    await using passthrough = await startPair({ A2E_API_TOKEN: '' });
    expect((await ask(`${passthrough.gateway.url}/graphql`, { method: 'PUT' })).status).toBe(405);
  });

  it('is refused to a page of a listed origin in words that it can read', async () => {
    const url = `${pair.gateway.url}/graphql`;
    const asked = { 'access-control-request-method': 'PUT', 'access-control-request-headers': TOKEN_HEADER };
    const preflight = await ask(url, { method: 'OPTIONS', headers: { origin: ORIGIN, ...asked } });
    expect(preflight.headers).toMatchObject({
      'access-control-allow-methods': expect.stringContaining('PUT'),
      'access-control-allow-headers': TOKEN_HEADER,
    });
    const { headers } = await ask(url, { method: 'PUT', headers: { origin: ORIGIN } });
    expect(headers).toMatchObject({ 'access-control-allow-origin': ORIGIN });
  });

  it('leaves the distinct connections mode alone', async () => {
    await using stream = await openStream(pair.gateway.url, QUERY);
    expect((await stream.ended).map(({ event }) => event)).toEqual(['next', 'complete']);
  });

  it('is no matter of a query that has a parameter of that name and takes JSON', async () => {
    const url = `${pair.gateway.url}/graphql?token=mine&query=${encodeURIComponent(QUERY.query)}`;
    const answer = await ask(url, { headers: { accept: 'application/json' } });
    expect(answer.json()).toEqual({ data: { __typename: 'Query' } });
  });
});
