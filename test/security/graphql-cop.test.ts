import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pair, startPair } from '../support/gateway.ts';
import { ask, type HttpAnswer } from '../support/http-client.ts';

/**
 * The checks of graphql-cop (github.com/dolevf/graphql-cop, lib/tests), each as the tool makes it, against the
 * settings of production. A check fails there when its attack gets an answer; here it must not.
 */
describe('graphql-cop, in production', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({ NODE_ENV: 'production' });
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  const json = (body: unknown, accept = 'application/json'): Promise<HttpAnswer> =>
    ask(`${pair.gateway.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify(body),
    });
  const refused = (answer: HttpAnswer): void => {
    const { errors, data } = answer.json() as { errors?: unknown[]; data?: unknown };
    expect(errors?.length).toBeGreaterThan(0);
    expect(data ?? null).toBeNull();
  };

  test('1. alias overloading: 101 aliases', async () => {
    const aliases = Array.from({ length: 101 }, (_, index) => `alias${index}:__typename `).join('');
    refused(await json({ query: `query cop { ${aliases} }`, operationName: 'cop' }));
  });

  test('2. array-based query batching: 10 at once', async () => {
    const answer = await json(Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' })));
    expect(answer.status).toBe(400);
    expect(answer.body).not.toContain('"data"');
  });

  test('3. circular query by introspection', async () => {
    const deep = 'fields { type { fields { type { fields { type { fields { type { name } } } } } } } }';
    refused(await json({ query: `query cop { __schema { types { ${deep} } } }` }));
  });

  test('4. directive overloading', async () => {
    refused(await json({ query: `query cop { __typename ${'@aa'.repeat(10)} }` }));
    refused(await json({ query: `query cop { __typename ${'@skip(if:false)'.repeat(10)} }` }));
  });

  test('5. field duplication: 500 times the same', async () => {
    refused(await json({ query: `query cop { ${'__typename \n'.repeat(500)} }` }));
  });

  test('6. field suggestions', async () => {
    for (const query of ['query cop { __schema { directive } }', 'query cop { videoTas(id: "a") { id } }'])
      expect((await json({ query })).body).not.toMatch(/did you mean/i);
  });

  test('7. mutation over GET', async () => {
    const answer = await ask(`${pair.gateway.url}/graphql?query=mutation+cop+{__typename}`);
    expect(answer.body).not.toContain('"data"');
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  test('8. GET query: answered, and safe to be, since it changes nothing and no page of another origin may send it', async () => {
    const url = `${pair.gateway.url}/graphql?query=query+cop+{__typename}`;
    expect((await ask(url)).json()).toEqual({ data: { __typename: 'Query' } });
    for (const headers of [
      { origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
    ])
      expect((await ask(url, { headers: headers as Record<string, string> })).status).toBe(403);
  });

  test.each([
    'application/x-www-form-urlencoded',
    'text/plain',
    'application/graphql',
    'multipart/form-data; boundary=x',
    '',
  ])('9. POST that is no JSON: %j', async (type) => {
    const headers: Record<string, string> = type === '' ? {} : { 'content-type': type };
    const body = 'query=query+cop+{__typename}';
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'POST', headers, body });
    expect(answer.status).toBe(415);
    expect(answer.body).not.toContain('"data"');
  });

  test('10. GraphiQL', async () => {
    for (const path of ['/graphql', '/graphiql', '/playground', '/console', '/'])
      expect((await ask(`${pair.gateway.url}${path}`, { headers: { accept: 'text/html' } })).body).not.toMatch(
        /graphiql|playground/i,
      );
  });

  test('11. introspection', async () => {
    refused(await json({ query: 'query cop { __schema { types { name fields { name } } } }' }));
  });

  test('12. tracing', async () => {
    expect((await json({ query: 'query cop { __typename }' })).json()).not.toHaveProperty('extensions');
  });

  test('13. unhandled errors', async () => {
    for (const query of [
      'qwerty cop { abc }',
      '{ videoTask(id: 1.5) { id } }',
      'query ($a: Nope!) { __typename }',
      '',
    ]) {
      const answer = await json({ query });
      expect(answer.status).toBeLessThan(500);
      expect(answer.body).not.toMatch(/exception|stack|\.ts\b|node_modules|INTERNAL/i);
    }
  });
});

test('a GET with variables that are no JSON is a client error', async () => {
  await using pair = await startPair();
  for (const accept of ['application/json', 'application/graphql-response+json', 'text/event-stream'])
    for (const search of ['query={__typename}&variables={', 'query={__typename}&extensions=x', 'variables=[']) {
      const answer = await ask(`${pair.gateway.url}/graphql?${search}`, { headers: { accept } });
      expect(answer.status, `${accept} ${search}`).toBe(400);
      expect(answer.body).not.toContain('INTERNAL');
    }
});
