import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config.ts';
import { createGateway } from '../../../src/gateway.ts';
import { createLogger } from '../../../src/observability/log.ts';
import { OriginPolicy } from '../../../src/server/http/origin-policy.ts';
import { type Pair, startPair, TOKEN } from '../../support/gateway.ts';
import { ask, post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { connect, openSocket } from '../../support/ws-client.ts';

const LOOK = '{ videoTask(id: "job") { status } }';
const FRIEND = 'https://app.example';
const lookUrl = (gatewayUrl: string): string => `${gatewayUrl}/graphql?query=${encodeURIComponent(LOOK)}`;

let pair: Pair;
beforeAll(async () => {
  pair = await startPair({ CORS_ORIGINS: FRIEND });
  pair.simulator.setTask('job', { status: 'init' });
});
afterAll(() => pair[Symbol.asyncDispose]());

describe('a strange origin', () => {
  const foreignOrigins = [
    'https://evil.example',
    'https://app.example.evil.example',
    'http://app.example',
    'null',
    'nonsense',
  ];

  it.each(foreignOrigins)('%s is refused over HTTP, SSE and WebSocket before anything runs', async (origin) => {
    const { gateway, simulator } = pair;
    const plain = await post(gateway.url, LOOK, { headers: { origin } });
    expect(plain.status).toBe(403);
    expect(plain.headers).not.toHaveProperty('access-control-allow-origin');
    await using stream = await openStream(gateway.url, { query: LOOK, headers: { origin } });
    expect(stream.status).toBe(403);
    await expect(openSocket(gateway.url, { origin })).rejects.toThrow('403');
    expect(simulator.totalCalls()).toBe(0);
  });

  it('is refused its preflight', async () => {
    const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' };
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(403);
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it.each([
    ['an image', 'no-cors', 'image/*'],
    ['a script', 'no-cors', '*/*'],
    ['a link', 'navigate', 'application/json'],
    ['a stream', 'no-cors', 'text/event-stream'],
  ])('is refused a query by GET without an Origin, as of %s', async (_what, mode, accept) => {
    for (const site of ['cross-site', 'same-site', 'cross-site, same-origin']) {
      const headers = { accept, 'sec-fetch-site': site, 'sec-fetch-mode': mode };
      expect((await ask(lookUrl(pair.gateway.url), { headers })).status, site).toBe(403);
    }
    expect(pair.simulator.totalCalls()).toBe(0);
  });

  it.each(['cross-site', 'same-site'])('may be linked from (%s): opening the page is no call', async (site) => {
    const { gateway, simulator } = pair;
    const headers = { accept: 'text/html', 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
    for (const url of [lookUrl(gateway.url), `${gateway.url}/graphql`, `${gateway.url}/?id=job`]) {
      const answer = await ask(url, { headers });
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    }
    expect((await ask(`${gateway.url}/healthz`, { headers })).status).toBe(200);
    expect(simulator.totalCalls()).toBe(0);
  });

  it('cannot run a query by a link where there is no GraphiQL', async () => {
    await using plain = await startPair({ GRAPHIQL: 'false' });
    for (const site of ['cross-site', 'same-site']) {
      const headers = { accept: 'text/html,*/*', 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
      expect((await ask(lookUrl(plain.gateway.url), { headers })).status).toBe(403);
    }
    expect(plain.simulator.totalCalls()).toBe(0);
  });
});

it.each(['same-origin', 'none'])('a GET without an Origin is served when a browser says %s', async (site) => {
  const headers = { accept: 'application/json', 'sec-fetch-site': site, 'sec-fetch-mode': 'navigate' };
  const answer = await ask(`${pair.gateway.url}/graphql?query={__typename}`, { headers });
  expect(answer.json()).toEqual({ data: { __typename: 'Query' } });
});

it('reports each rejected origin, cut to 200 characters', () => {
  const told: string[] = [];
  const origins = new OriginPolicy({
    allowed: [FRIEND],
    trustProxy: false,
    onRejectedOrigin: (origin) => told.push(origin),
  });
  const allows = (origin: string) =>
    origins.allows({ headers: { origin, host: 'gateway.example' } } as Parameters<OriginPolicy['allows']>[0]);
  for (const origin of ['https://a.example', FRIEND, 'https://gateway.example', 'https://b.example']) allows(origin);
  expect(told).toEqual(['https://a.example', 'https://b.example']);
  expect(allows(`https://c.example/${'x'.repeat(1_000)}`)).toBe(false);
  expect(told.at(-1)).toHaveLength(200);
});

it('logs how to allow a rejected origin', async () => {
  const lines: string[] = [];
  const log = createLogger('warn', { write: (line) => void lines.push(line) });
  const config = loadConfig({ PORT: '0', A2E_API_URL: pair.simulator.url, A2E_API_TOKEN: TOKEN });
  await using gateway = await createGateway(config, { log });
  await post(gateway.url, LOOK, { headers: { origin: 'https://new.example' } });
  await expect(openSocket(gateway.url, { origin: 'https://new.example' })).rejects.toThrow('403');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { origin: 'https://new.example', msg: expect.stringContaining('CORS_ORIGINS') },
  ]);
});

const from = (headers: Record<string, string>) => ({ headers }) as unknown as Parameters<OriginPolicy['allows']>[0];

describe('an origin list with apps and a wildcard', () => {
  const allowed = ['capacitor://localhost', 'https://*.example.com', 'http://*.localhost:3000'];
  const origins = new OriginPolicy({ allowed, trustProxy: false });

  it.each(['capacitor://localhost', 'https://a.example.com', 'https://a-1.example.com', 'http://x.localhost:3000'])(
    'lets %s call, and names it in the CORS headers',
    (origin) => {
      expect(origins.allows(from({ origin, host: 'gateway' }))).toBe(true);
      expect(origins.headers(from({ origin }))).toMatchObject({ 'access-control-allow-origin': origin });
    },
  );

  it.each([
    'https://example.com',
    'https://a.b.example.com',
    'https://.example.com',
    'https://a.example.com.evil.example',
    'https://aXexample.com',
    'https://evil.example/.example.com',
    'https://a.example.com:8443',
    'http://a.example.com',
    'capacitor://localhost:1',
    'capacitor://other',
    'tauri://localhost',
  ])('refuses %s', (origin) => {
    expect(origins.allows(from({ origin, host: 'gateway' }))).toBe(false);
    expect(origins.headers(from({ origin }))).toEqual({ vary: 'origin' });
  });
});

describe('a GET that names neither its origin nor Sec-Fetch-*', () => {
  const BROWSER = { 'user-agent': 'Mozilla/5.0' };

  it.each([
    ['an image', 'image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5'],
    ['a script', '*/*'],
    ['a style sheet', 'text/css,*/*;q=0.1'],
    ['a link, where there is no page', 'application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ])('runs no operation when it may be one of %s', async (_element, accept) => {
    for (const headers of [{ ...BROWSER, accept }, { accept }]) {
      const answer = await ask(lookUrl(pair.gateway.url), { headers });
      expect(answer.status).toBe(403);
      expect(answer.json()).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    }
    expect(pair.simulator.totalCalls()).toBe(0);
  });

  it.each([
    { accept: 'application/json' },
    { accept: 'application/graphql-response+json, */*' },
    { accept: '*/*', 'user-agent': 'curl/8.5.0' },
    { accept: '*/*', 'user-agent': 'python-requests/2.32.5' },
    { accept: '*/*', 'user-agent': 'PostmanRuntime/7.49.1' },
    { accept: '*/*', 'user-agent': 'insomnia/12.0.0' },
    { accept: '*/*', 'user-agent': 'Deno/2.5.6' },
    { accept: '*/*', 'user-agent': 'okhttp/5.3.0' },
    { 'user-agent': 'Go-http-client/1.1' },
    { accept: '*/*', 'apollo-require-preflight': 'true' },
    { accept: '*/*', 'x-apollo-operation-name': 'Look' },
    { accept: '*/*', 'content-type': 'application/json' },
    { accept: '*/*', authorization: 'Bearer token' },
    {},
  ])('is served to an API client: %j', async (headers) => {
    const answer = await ask(`${pair.gateway.url}/graphql?query={__typename}`, { headers });
    expect(answer.json()).toEqual({ data: { __typename: 'Query' } });
  });

  it('is served to an EventSource', async () => {
    const headers = { ...BROWSER, accept: 'text/event-stream' };
    const answer = await ask(`${pair.gateway.url}/graphql?query={__typename}`, { headers });
    expect([answer.status, answer.headers['content-type']]).toEqual([200, expect.stringContaining('event-stream')]);
  });
});

describe('a known origin', () => {
  it('may send any header that its preflight asks for', async () => {
    const requested = 'apollographql-client-name,traceparent,baggage,sentry-trace,authorization';
    const headers = {
      origin: FRIEND,
      'access-control-request-method': 'POST',
      'access-control-request-headers': requested,
    };
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'OPTIONS', headers });
    expect(answer.headers).toMatchObject({
      'access-control-allow-headers': requested,
      vary: 'origin, access-control-request-headers',
    });
  });

  it('can read a refusal: 405, 413, 415', async () => {
    const url = `${pair.gateway.url}/graphql`;
    const json = { origin: FRIEND, 'content-type': 'application/json' };
    const answers = await Promise.all([
      ask(url, { method: 'DELETE', headers: json }),
      ask(url, { method: 'POST', headers: json, body: 'x'.repeat(70_000) }),
      ask(url, { method: 'POST', headers: { origin: FRIEND }, body: '{}' }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([405, 413, 415]);
    for (const { headers } of answers) expect(headers).toMatchObject({ 'access-control-allow-origin': FRIEND });
  });

  it('gets what it needs from a preflight', async () => {
    const headers = { origin: FRIEND, 'access-control-request-method': 'POST' };
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': FRIEND,
      'access-control-allow-headers': 'content-type, authorization, if-none-match',
      vary: 'origin',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
  });

  it('may read the tag of an answer, and its answers depend on the origin as well', async () => {
    pair.simulator.setTask('done', { status: 'success' });
    const url = `${pair.gateway.url}/graphql?query=${encodeURIComponent('{ videoTask(id: "done") { status } }')}`;
    const { headers } = await ask(url, { headers: { origin: FRIEND, accept: 'application/json' } });
    expect(headers).toMatchObject({
      etag: expect.any(String),
      'access-control-expose-headers': 'etag, retry-after',
      vary: 'origin, accept, authorization',
    });
  });

  it('is served over HTTP, SSE and WebSocket, and so is the same origin', async () => {
    for (const origin of [FRIEND, pair.gateway.url]) {
      const plain = await post(pair.gateway.url, '{ __typename }', { headers: { origin } });
      expect(plain.status).toBe(200);
      expect(plain.headers['access-control-allow-origin']).toBe(origin === FRIEND ? FRIEND : undefined);
      await using stream = await openStream(pair.gateway.url, { query: '{ __typename }', headers: { origin } });
      expect(stream.status).toBe(200);
      await using client = await connect(pair.gateway.url, undefined, { origin });
      expect(client.socket.readyState).toBe(client.socket.OPEN);
    }
  });
});

it('refuses an upgrade elsewhere with 404', async () => {
  await expect(openSocket(`${pair.gateway.url}/nowhere`)).rejects.toThrow('404');
});
