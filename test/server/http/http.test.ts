import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { ask, post } from '../../support/http-client.ts';

const LOOK = 'query($id: ID!) { videoTask(id: $id) { status } }';

let pair: Pair;
let graphql: string;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('done', { status: 'success' });
  graphql = `${pair.gateway.url}/graphql`;
});
afterAll(() => pair[Symbol.asyncDispose]());

describe('queries', () => {
  it('are answered by POST', async () => {
    const answer = await post(pair.gateway.url, LOOK, { variables: { id: 'done' } });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8');
    expect(answer.json()).toEqual({ data: { videoTask: { status: 'SUCCESS' } } });
  });

  it('are answered by GET', async () => {
    const search = new URLSearchParams({ query: LOOK, variables: '{"id":"done"}' });
    const answer = await ask(`${graphql}?${search}`);
    expect(answer.json()).toEqual({ data: { videoTask: { status: 'SUCCESS' } } });
  });

  it.each([
    ['application/json', 'application/json; charset=utf-8'],
    ['*/*', 'application/json; charset=utf-8'],
    ['text/html;q=0, application/json', 'application/json; charset=utf-8'],
  ])('are answered to Accept: %s as %s', async (accept, type) => {
    const answer = await post(pair.gateway.url, '{ __typename }', { headers: { accept } });
    expect(answer.headers['content-type']).toBe(type);
  });

  it.each(['constructor', '__proto__', 'toString'])('take %s for an id like any other, or none', async (id) => {
    const answer = await post(pair.gateway.url, LOOK, { variables: { id } });
    if (id.startsWith('_'))
      expect(answer.json()).toMatchObject({ errors: [{ extensions: { code: 'BAD_USER_INPUT' } }] });
    else expect(answer.json()).toEqual({ data: { videoTask: null } });
  });

  it.each([
    ['application/x-www-form-urlencoded', 'query=%7B__typename%7D'],
    ['text/plain', '{"query":"{__typename}"}'],
    ['application/graphql', '{ __typename }'],
    ['multipart/form-data; boundary=x', '--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{}\r\n--x--'],
  ])('are refused as %s, which a page of any origin could send', async (type, body) => {
    const answer = await ask(graphql, { method: 'POST', headers: { 'content-type': type }, body });
    expect(answer.status).toBe(415);
    expect(answer.json()).toEqual({ errors: [expect.objectContaining({ message: expect.any(String) })] });
  });

  it('are refused as a batch, and beyond the largest body', async () => {
    const headers = { 'content-type': 'application/json' };
    const batch = await ask(graphql, { method: 'POST', headers, body: '[{"query":"{__typename}"}]' });
    expect(batch.status).toBe(400);
    const large = await post(pair.gateway.url, `{ __typename } #${'x'.repeat(70_000)}`);
    expect(large.status).toBe(413);
  });
});

describe('a subscription that asks for no stream', () => {
  it.each(['application/json', 'application/graphql-response+json', '*/*'])(
    'is told so (Accept: %s)',
    async (accept) => {
      const answer = await post(pair.gateway.url, 'subscription { taskStatus(id: "done") { status } }', {
        headers: { accept },
      });
      expect(answer.json()).toEqual({
        errors: [expect.objectContaining({ message: expect.stringMatching(/event-stream/) })],
      });
      expect(answer.status).toBe(406);
      expect(pair.gateway.counts().watches).toBe(0);
    },
  );
});

describe('other addresses', () => {
  it.each([
    ['GET', '/nowhere', 404],
    ['POST', '/', 404],
    ['GET', '/graphql/', 404],
    ['GET', '/healthz', 200],
    ['GET', '/readyz', 200],
    ['HEAD', '/', 200],
    ['HEAD', '/graphql', 405],
    ['DELETE', '/graphql', 405],
  ])('%s %s is answered %i', async (method, path, status) => {
    const answer = await ask(`${pair.gateway.url}${path}`, { method });
    expect(answer.status).toBe(status);
    if (method === 'HEAD') expect(answer.body).toBe('');
  });

  it('tell how the gateway is', async () => {
    expect((await ask(`${pair.gateway.url}/healthz`)).json()).toEqual({ status: 'ok' });
    expect((await ask(`${pair.gateway.url}/readyz`)).json()).toMatchObject({ ready: true, upstream: 'ok' });
  });
});

describe('GraphiQL', () => {
  it.each([
    ['text/html;q=0', false],
    ['text/html;q=0, */*', false],
    ['application/json, text/html;q=0.9', false],
    ['application/json;q=0.9, application/graphql-response+json, text/html;q=0.8', false],
    ['text/html;q=0.5, application/json;q=0.4', true],
    ['TEXT/HTML', true],
  ])('is weighed against what else the client accepts: %s', async (accept, page) => {
    const answer = await ask(`${graphql}?query={__typename}`, { headers: { accept, 'user-agent': 'curl/8' } });
    expect(String(answer.headers['content-type']).includes('text/html')).toBe(page);
  });

  it('is served to a client that asks for HTML, and to no client when it is switched off', async () => {
    const headers = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' };
    const page = await ask(graphql, { headers });
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    await using off = await startPair({ GRAPHIQL: 'false' });
    const none = await ask(`${off.gateway.url}/graphql`, { headers });
    expect(none.headers['content-type']).not.toMatch(/html/);
  });
});
