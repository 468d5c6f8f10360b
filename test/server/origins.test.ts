import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../support/gateway.ts';
import { ask, post } from '../support/http-client.ts';
import { openStream } from '../support/sse-client.ts';
import { connect, openSocket } from '../support/ws-client.ts';

const LOOK = '{ videoTask(id: "job") { status } }';
const FRIEND = 'https://app.example';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair({ CORS_ORIGINS: FRIEND });
  pair.simulator.setTask('job', { status: 'init' });
});
afterAll(() => pair[Symbol.asyncDispose]());

describe('a strange origin', () => {
  const strangers = [
    'https://evil.example',
    'https://app.example.evil.example',
    'http://app.example',
    'null',
    'nonsense',
  ];

  it.each(strangers)('%s is refused over HTTP, SSE and WebSocket before anything runs', async (origin) => {
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

  it('is refused a GET without an Origin that a browser marks as cross-site', async () => {
    const url = `${pair.gateway.url}/graphql?query=${encodeURIComponent(LOOK)}`;
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect((await ask(url, { headers })).status).toBe(403);
    expect(pair.simulator.totalCalls()).toBe(0);
  });

  it('may be linked from: opening the page is no call', async () => {
    const headers = { accept: 'text/html', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await ask(`${pair.gateway.url}/graphql`, { headers })).status).toBe(200);
  });
});

describe('a known origin', () => {
  it('gets what it needs from a preflight', async () => {
    const headers = { origin: FRIEND, 'access-control-request-method': 'POST' };
    const answer = await ask(`${pair.gateway.url}/graphql`, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': FRIEND,
      'access-control-allow-headers': 'content-type, authorization',
      vary: 'origin',
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
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
