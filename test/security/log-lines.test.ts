import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { GatewayProcess } from '../support/gateway-process.ts';
import { clientFrame, HANDSHAKE } from '../support/hostile-socket.ts';

/** A kind that wrote a line for each request would exceed `MAX_LINES` alone. */
const PER_KIND = 60;
const AT_A_TIME = 30;
/** Ten origins and the further ones, A2E fails, circuit opened, and the lines of the start. */
const MAX_LINES = 16;

const INIT = clientFrame(1, '{"type":"connection_init"}');
const CLOSED_PORT = 'http://127.0.0.1:9';

type Kind = (n: number) => string | Buffer;

function request(line: string, headers: readonly string[] = [], body = ''): string {
  const host = headers.some((header) => header.startsWith('host:')) ? [] : ['host: localhost'];
  const length = body === '' ? [] : [`content-length: ${Buffer.byteLength(body)}`];
  return `${[`${line} HTTP/1.1`, ...host, ...headers, ...length].join('\r\n')}\r\n\r\n${body}`;
}

function post(body: string, ...headers: string[]): string {
  return request('POST /graphql', ['content-type: application/json', ...headers], body);
}

function query(text: string, ...headers: string[]): string {
  return post(JSON.stringify({ query: text }), ...headers);
}

function socket(...frames: readonly Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(HANDSHAKE), ...frames]);
}

/** A frame with an operation, as the first one after the acknowledgement. */
function subscribe(payload: unknown, id = '1'): Buffer {
  return clientFrame(1, JSON.stringify({ id, type: 'subscribe', payload }));
}

const REQUESTS: Readonly<Record<string, Kind>> = {
  'an origin that is not listed': (n) => query('{ __typename }', `origin: https://${n}.example`),
  'an upgrade of such an origin': (n) =>
    HANDSHAKE.replace('host: localhost', `host: localhost\r\norigin: https://u${n}.example`),
  'a host that is not allowed': (n) => request('GET /', [`host: ${n}.example`]),
  'no host': () => 'GET / HTTP/1.1\r\n\r\n',
  'two hosts': (n) => request('GET /', ['host: localhost', `host: ${n}.example`]),
  'a path without a route': (n) => request(`GET /path-${n}`),
  'dot segments': (n) => request(`GET /../${n}/../graphql`),
  'an upgrade of a path without a route': (n) => HANDSHAKE.replace('/graphql', `/path-${n}`),
  'no HTTP': (n) => `garbage ${n}\r\n\r\n`,
  'two lengths': (n) => request('POST /graphql', ['content-length: 1', `content-length: ${n + 2}`]),
  'a header of 20 KB': (n) => request('GET /', [`x-${n}: ${'x'.repeat(20_000)}`]),
  'a token that is none': (n) => query('{ __typename }', `authorization: Bearer invented-${n}`),
  'a stream with such a token': (n) =>
    query('subscription { taskStatus(id: "a") { id } }', `authorization: Bearer s${n}`, 'accept: text/event-stream'),
  'no JSON': (n) => post(`{"query":${n}`),
  'another media type': (n) => request('POST /graphql', [`content-type: text/x-${n}`], '{}'),
  'a body that is too long': (n) => post('x'.repeat(3_000 + n)),
  'a body that does not end': (n) =>
    request('POST /graphql', ['content-type: application/json', `content-length: 9${n}`]),
  'a document with a syntax error': (n) => query(`{ field${n}`),
  'an unknown field': (n) => query(`{ field${n} }`),
  'a malformed id': (n) => query(`{ videoTask(id: "../${n}") { id } }`),
  'a task while A2E is away': (n) => query(`{ videoTask(id: "task-${n}") { id } }`, `authorization: Bearer t${n}`),
  'a pipeline past the limit': () => query('{ videoTask(id: "piped") { id } }', 'authorization: Bearer p').repeat(40),
  'a GET that any page can cause': (n) => request(`GET /graphql?query={__typename}&n=${n}`),
  'a webhook call without a token': (n) => request('POST /webhooks/a2e', [], `{"_id":"${n}"}`),
};

const SOCKETS: Readonly<Record<string, Kind>> = {
  'another subprotocol': (n) => HANDSHAKE.replace('graphql-transport-ws', `protocol-${n}`),
  'a binary frame': () => socket(INIT, clientFrame(2, 'binary')),
  'a frame that is no JSON': (n) => socket(clientFrame(1, `{"type":${n}`)),
  'an unknown message': (n) => socket(INIT, clientFrame(1, `{"type":"message-${n}"}`)),
  'two connection_init': () => socket(INIT, INIT),
  'subscribe before connection_init': () => socket(subscribe({ query: '{ __typename }' })),
  'one id twice': () =>
    socket(
      INIT,
      ...Array.from({ length: 2 }, () => subscribe({ query: 'subscription { taskStatus(id: "a") { id } }' })),
    ),
  'a document with an error': (n) => socket(INIT, subscribe({ query: `{ field${n} }` })),
  'no document': (n) => socket(INIT, subscribe({ query: n })),
  'a token that is none': (n) =>
    socket(clientFrame(1, `{"type":"connection_init","payload":{"authorization":"Bearer invented-${n}"}}`)),
  'a frame that is too long': () => socket(clientFrame(1, 'x'.repeat(3_000))),
  'a frame without a mask': () => socket(Buffer.from([0x81, 0x02, 0x7b, 0x7d])),
  'a reserved opcode': () => socket(clientFrame(3, 'reserved')),
  'a close code that is none': () => socket(clientFrame(8, Buffer.from([0x00, 0x01]))),
  'text that is no UTF-8': () => socket(clientFrame(1, Buffer.from([0xff, 0xfe]))),
};

/** Sends the bytes over a connection of their own and closes it; resolves once the gateway has closed it too. */
function send(port: number, bytes: string | Buffer): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>();
  connect(port, '127.0.0.1')
    .on('error', () => {})
    .once('close', resolve)
    .resume()
    .end(bytes);
  return promise;
}

async function flood(port: number): Promise<number> {
  let sent = 0;
  for (const kind of [...Object.values(REQUESTS), ...Object.values(SOCKETS)]) {
    for (let from = 0; from < PER_KIND; from += AT_A_TIME) {
      await Promise.all(Array.from({ length: AT_A_TIME }, (_, n) => send(port, kind(from + n))));
      sent += AT_A_TIME;
    }
  }
  return sent;
}

describe.each([
  ['open', { AUTH_MODE: 'open', A2E_API_TOKEN: 'token-of-the-gateway' }],
  [
    'jwt',
    { AUTH_MODE: 'jwt', A2E_API_TOKEN: 'token-of-the-gateway', AUTH_JWT_SECRET: 'a secret of at least 32 characters' },
  ],
  ['passthrough', { AUTH_MODE: 'passthrough' }],
])('AUTH_MODE=%s', (mode, env) => {
  test('thousands of anonymous bad requests of many kinds are a handful of log lines', async () => {
    await using gateway = await GatewayProcess.start({
      A2E_API_URL: CLOSED_PORT,
      ALLOWED_HOSTS: 'localhost',
      WEBHOOK_TOKEN: 'a-webhook-token-of-thirty-two-ch',
      MAX_BODY_BYTES: '2048',
      LOG_LEVEL: 'info',
      ...env,
    });
    const sent = await flood(Number(new URL(gateway.url).port));
    expect((await fetch(`${gateway.url.replace('127.0.0.1', 'localhost')}/healthz`)).status).toBe(200);
    await gateway.kill();
    expect(gateway.log.length, gateway.log.join('\n')).toBeLessThanOrEqual(MAX_LINES);
    expect(gateway.log.filter((line) => line.includes('unexpected error'))).toEqual([]);
    process.stdout.write(`${mode}: ${sent} bad requests, ${gateway.log.length} log lines\n`);
  });
});
