import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { ask, post } from '../../support/http-client.ts';

const GRAPHQL = 'application/graphql-response+json';
const JSON_TYPE = 'application/json';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('known', { status: 'init' });
});
afterAll(() => pair[Symbol.asyncDispose]());

const status = async (query: string, accept: string) =>
  (await post(pair.gateway.url, query, { headers: { accept } })).status;

describe('negotiation', () => {
  it('answers 406 when the client accepts no type that is served', async () => {
    expect(await status('{ __typename }', 'image/png')).toBe(406);
  });

  it.each([
    [`${GRAPHQL}, ${JSON_TYPE};q=0.9`, GRAPHQL],
    [`${GRAPHQL}; charset=utf-8, ${JSON_TYPE}; charset=utf-8`, GRAPHQL],
    [`${JSON_TYPE}, ${GRAPHQL};q=0.9`, JSON_TYPE],
  ])('answers Accept: %s with the type of highest priority', async (accept, type) => {
    const { headers } = await post(pair.gateway.url, '{ __typename }', { headers: { accept } });
    expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
  });

  it.each([
    [`${JSON_TYPE};q=0.5, */*;q=0.8`, GRAPHQL],
    [`*/*;q=0.1, ${GRAPHQL};q=0.05`, JSON_TYPE],
  ])('answers Accept: %s by the weight of the most specific range', async (accept, type) => {
    const { headers } = await post(pair.gateway.url, '{ __typename }', { headers: { accept } });
    expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
  });

  it.each([`${JSON_TYPE};q=0`, `${JSON_TYPE};q=0, ${GRAPHQL};q=0, */*`, 'application/*;q=0, */*'])(
    'answers 406 to Accept: %s, where the weight 0 excludes each type that is served',
    async (accept) => {
      expect(await status('{ __typename }', accept)).toBe(406);
    },
  );

  it('answers JSON to a client that sends no Accept, which accepts any type', async () => {
    const headers = { 'content-type': JSON_TYPE };
    const body = '{"query":"{ __typename }"}';
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'POST', headers, body });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, `${JSON_TYPE}; charset=utf-8`]);
  });

  it.each([
    [`text/event-stream, ${JSON_TYPE};q=0.9`, 'text/event-stream'],
    [`text/event-stream;q=0.9, ${JSON_TYPE}`, JSON_TYPE],
  ])('answers a query to Accept: %s as %s, between a stream and JSON', async (accept, type) => {
    const { headers } = await post(pair.gateway.url, '{ __typename }', { headers: { accept } });
    expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
  });

  it('answers 4xx to a POST without Content-Type', async () => {
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'POST', body: '{"query":"{ __typename }"}' });
    expect(answer.status).toBe(415);
  });
});

describe.each([GRAPHQL, JSON_TYPE])('the status for %s', (accept) => {
  it('is 200 when a field fails and the rest has data', async () => {
    const query = '{ known: videoTask(id: "known") { id } bad: videoTask(id: "../x") { id } }';
    const answer = await post(pair.gateway.url, query, { headers: { accept } });
    expect(answer.json()).toMatchObject({ data: { known: { id: 'known' }, bad: null }, errors: [{ path: ['bad'] }] });
    expect(answer.status).toBe(200);
  });

  it('is 200 when a field error makes data null', async () => {
    const answer = await post(pair.gateway.url, '{ videoTasks(ids: ["../x"]) { id } }', { headers: { accept } });
    expect(answer.json()).toMatchObject({ data: null, errors: [{ path: ['videoTasks'] }] });
    expect(answer.status).toBe(200);
  });
});

it('is 401 where the client gives no credentials', async () => {
  await using passthrough = await startPair({ A2E_API_TOKEN: '' });
  const answer = await post(passthrough.gateway.url, '{ videoTask(id: "known") { id } }');
  expect(answer.status).toBe(401);
});
