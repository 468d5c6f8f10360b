import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintTicket } from '../../../examples/ticket/mint-ticket.ts';
import { JwtAuthenticator } from '../../../src/server/access/jwt-authenticator.ts';
import { KeySet as JwtKeys } from '../../../src/server/access/key-set.ts';
import { fetchKeySet } from '../../../src/server/access/key-set-endpoint.ts';
import { type Pair, startPair } from '../../support/gateway.ts';
import { KeySet } from '../../support/key-set.ts';
import { metric } from '../../support/metrics-of.ts';
import { openStream } from '../../support/sse-client.ts';
import { reference } from '../../support/stall-detector.ts';
import { codesOf, SUBSCRIBING, TRANSPORTS } from '../../support/transports.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect, openSocket } from '../../support/ws-client.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const OLD_SECRET = 'the one before which has them as well';
const JWT = { AUTH_MODE: 'jwt', AUTH_JWT_SECRET: `${SECRET},${OLD_SECRET}` };
const LOOK = '{ a: videoTask(id: "t1") { id } b: videoTask(id: "t2") { id } }';
const WATCH = 'subscription { taskStatus(id: "t1") { id } }';
const nowS = () => Math.floor(Date.now() / 1000);

function sign(claims: Record<string, unknown>, { secret = SECRET, alg = 'HS256' } = {}): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg }).sign(new TextEncoder().encode(secret));
}

const refusedTokens: Readonly<Record<string, () => Promise<string> | string>> = {
  'of another secret': () => sign({ tasks: '*' }, { secret: 'x'.repeat(40) }),
  'of another algorithm': () => sign({ tasks: '*' }, { alg: 'HS512', secret: SECRET.repeat(3) }),
  'without a signature': () => new UnsecuredJWT({ tasks: '*' }).encode(),
  'without tasks': () => sign({ sub: 'me' }),
  'with tasks that are a text': () => sign({ tasks: 't1' }),
  'with tasks that are no texts': () => sign({ tasks: ['t1', 2] }),
  'with tasks that are an object': () => sign({ tasks: { t1: true } }),
  'that has expired': () => sign({ tasks: '*', exp: nowS() - 4 }),
  'of tomorrow': () => sign({ tasks: '*', nbf: nowS() + 60 }),
  'that is no JWT': () => 'abc.def.ghi',
  'that is one word': () => 'abc',
};

describe.each(TRANSPORTS)('with AUTH_MODE=jwt, over %s', (name, ask) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({ ...JWT, AUTH_JWT_ISSUER: 'me', AUTH_JWT_AUDIENCE: 'gateway' });
    for (const id of ['t1', 't2']) pair.simulator.addTask(id);
  });
  afterAll(() => pair[Symbol.asyncDispose]());
  const good = { iss: 'me', aud: ['other', 'gateway'] };

  test('a ticket covers its task and no other', async () => {
    const token = await mintTicket('t1', { secret: SECRET, issuer: 'me', audience: 'gateway' });
    const answer = await ask(pair.gateway.url, { query: LOOK }, token);
    expect(answer.data).toEqual({ a: { id: 't1' }, b: null });
    expect(answer.errors).toMatchObject([{ path: ['b'], extensions: { code: 'FORBIDDEN', id: 't2' } }]);
    expect(pair.simulator.countFor('t2')).toBe(0);
  });

  test.each([
    ['any task', { ...good, tasks: '*' }, SECRET],
    ['two tasks, of the secret before', { ...good, tasks: ['t2', 't1'] }, OLD_SECRET],
  ])('a token for %s is accepted', async (_what, claims, secret) => {
    const { data } = await ask(pair.gateway.url, { query: LOOK }, await sign(claims, { secret }));
    expect(data).toEqual({ a: { id: 't1' }, b: { id: 't2' } });
  });

  const foreign = { 'of another issuer': { ...good, iss: 'you' }, 'for another audience': { ...good, aud: 'you' } };
  const tokens: [string, () => Promise<string> | string][] = [
    ...Object.entries(refusedTokens),
    ...Object.entries(foreign).map(([name, claims]): [string, () => Promise<string>] => [
      name,
      () => sign({ ...claims, tasks: '*' }),
    ]),
  ];
  test.each(tokens)('a token %s is refused', async (_what, mint) => {
    const token = await mint();
    if (name !== 'WebSocket') {
      expect(codesOf(await ask(pair.gateway.url, { query: LOOK }, token))).toEqual(['UNAUTHENTICATED']);
      return;
    }
    await using client = await openSocket(pair.gateway.url);
    client.send({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } });
    expect((await client.closed).code).toBe(4403);
  });
});

describe('the tasks that a token covers', () => {
  test('taskStatuses ends only the part that is not covered', async () => {
    await using pair = await startPair(JWT);
    for (const id of ['t1', 't2']) pair.simulator.setTask(id, { status: 'success' });
    await using client = await connect(pair.gateway.url, { Authorization: `Bearer ${await sign({ tasks: ['t1'] })}` });
    client.subscribe('s', 'subscription { taskStatuses(ids: ["t1", "t2"]) { id } }');
    const payloads = (await client.ended('s')).map(({ payload }) => payload);
    expect(payloads).toContainEqual({ data: { taskStatuses: { id: 't1' } } });
    expect(payloads).toContainEqual(
      expect.objectContaining({
        data: { taskStatuses: null },
        errors: [expect.objectContaining({ extensions: { code: 'FORBIDDEN', id: 't2' } })],
      }),
    );
    expect(pair.simulator.countFor('t2')).toBe(0);
  });

  test.each(SUBSCRIBING)('taskStatus of a task that is not covered is FORBIDDEN over %s', async (_name, ask) => {
    await using pair = await startPair(JWT);
    for (const id of ['t1', 't2']) pair.simulator.setTask(id, { status: 'success' });
    const ticket = await mintTicket('t1', { secret: SECRET });
    const query = 'subscription($id: ID!) { taskStatus(id: $id) { id } }';
    const answer = await ask(pair.gateway.url, { query, variables: { id: 't2' } }, ticket);
    expect(answer.data ?? null).toBeNull();
    expect(answer.errors).toMatchObject([{ path: ['taskStatus'], extensions: { code: 'FORBIDDEN' } }]);
    expect(pair.simulator.countFor('t2')).toBe(0);
    const covered = await ask(pair.gateway.url, { query, variables: { id: 't1' } }, ticket);
    expect(covered).toEqual({ data: { taskStatus: { id: 't1' } } });
    await untilIdle(pair.gateway);
  });

  test('a socket ends only the subscription to a task that is not covered', async () => {
    await using pair = await startPair(JWT);
    pair.simulator.setTask('t1', { status: 'process' });
    const authorization = `Bearer ${await mintTicket('t1', { secret: SECRET })}`;
    await using client = await connect(pair.gateway.url, { authorization });
    client.subscribe('1', WATCH);
    client.subscribe('2', 'subscription { taskStatus(id: "t2") { id } }');
    expect((await client.ended('2')).map(({ type }) => type)).toEqual(['error']);
    await client.messages.find(({ id, type }) => id === '1' && type === 'next');
    pair.simulator.setTask('t1', { status: 'success' });
    expect((await client.ended('1')).at(-1)).toEqual({ id: '1', type: 'complete' });
    expect(pair.simulator.countFor('t2')).toBe(0);
  });

  test('two tickets share a result only when they cover the same', async () => {
    await using pair = await startPair(JWT);
    pair.simulator.setTask('t1', { status: 'init' });
    const tickets = [['t1', 'x'], ['x', 't1'], ['t1']].map((tasks, index) => sign({ tasks, jti: `${index}` }));
    await using stack = new AsyncDisposableStack();
    for (const ticket of tickets) {
      const client = stack.use(await connect(pair.gateway.url, { authorization: `Bearer ${await ticket}` }));
      client.subscribe('w', WATCH);
      await client.messages.find(({ type }) => type === 'next');
    }
    expect(pair.gateway.counts()).toMatchObject({ watches: 1, liveResults: 2 });
  });

  test('callers with equal rights share a result while it lasts, with its forbidden tasks', async () => {
    await using pair = await startPair(JWT);
    const { gateway, simulator } = pair;
    simulator.setTask('t1', { status: 'process' });
    const authorization = `Bearer ${await sign({ tasks: ['t1'] })}`;
    await using early = await connect(gateway.url, { authorization });
    await using late = await connect(gateway.url, { authorization });
    const watch = 'subscription { taskStatuses(ids: ["t1", "t2"]) { id } }';
    early.subscribe('w', watch);
    await early.messages.count(3);
    await simulator.waitForCalls('t1', 5);
    late.subscribe('w', watch);
    await late.messages.count(3);
    expect(JSON.stringify(late.about('w'))).toMatch(/FORBIDDEN/);
    expect(gateway.counts().liveResults).toBe(1);
  });
});

describe('when a token expires', () => {
  test('live subscriptions end with an error and the socket closes with 4403, on time', async () => {
    await using pair = await startPair(JWT);
    pair.simulator.setTask('t1', { status: 'init' });
    const exp = nowS() + 1;
    const due = reference((exp + 2) * 1000 - Date.now()).then(() => Date.now());
    const authorization = `Bearer ${await sign({ tasks: ['t1'], exp })}`;
    await using client = await connect(pair.gateway.url, { authorization });
    for (const id of ['1', '2']) client.subscribe(id, WATCH);
    await using stream = await openStream(pair.gateway.url, { query: WATCH, headers: { authorization } });
    await using other = await connect(pair.gateway.url, { authorization: `Bearer ${await sign({ tasks: ['t1'] })}` });
    other.subscribe('w', WATCH);
    await other.messages.find(({ type }) => type === 'next');

    expect(await client.closed).toMatchObject({ code: 4403 });
    const closedAt = Date.now();
    expect(closedAt).toBeGreaterThanOrEqual((exp + 2) * 1000);
    expect(closedAt - (await due)).toBeLessThan(1_000);
    for (const id of ['1', '2']) {
      const last = client.about(id).at(-1);
      expect(last).toMatchObject({ type: 'error', payload: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    }
    const events = await stream.ended;
    expect(events.at(-2)?.data).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    expect(events.at(-1)).toEqual({ event: 'complete', data: null });
    expect(other.about('w').map(({ type }) => type)).toEqual(['next']);
    await metric(pair.gateway.url, 'operations_total{kind="subscription",outcome="failed"}').toBe(3);
    await metric(pair.gateway.url, 'operations_total{kind="subscription",outcome="unsubscribed"}').toBe(0);
    other.socket.close();
    await untilIdle(pair.gateway);
  });
});

describe('a key set', () => {
  const options = { gatewayToken: 'g', secrets: [], issuer: null, audience: null };

  test('its public key is never taken for a secret', async () => {
    await using keys = await KeySet.start();
    await keys.add('one');
    using keySet = new JwtKeys({ fetch: (signal) => fetchKeySet({ url: keys.url }, signal) });
    const access = new JwtAuthenticator({ ...options, secrets: [SECRET], keySet });
    const forged = await sign({ tasks: '*' }, { secret: keys.publicText('one') });
    await expect(access.authenticate(`Bearer ${forged}`)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await access.authenticate(`Bearer ${await sign({ tasks: '*' })}`)).canAccess('t')).toBe(true);
  });

  test('while it is unreachable the error is UPSTREAM_UNAVAILABLE, not UNAUTHENTICATED', async () => {
    await using keys = await KeySet.start();
    keys.down = true;
    await using pair = await startPair({ AUTH_MODE: 'jwt', AUTH_JWKS_URL: keys.url });
    const authorization = `Bearer ${await keys.sign('one', { tasks: '*' })}`;
    await using stream = await openStream(pair.gateway.url, { query: WATCH, headers: { authorization } });
    expect(stream.status).toBe(503);
    expect(stream.headers['retry-after']).toBe('1');
    await using client = await openSocket(pair.gateway.url);
    client.send({ type: 'connection_init', payload: { authorization } });
    expect((await client.closed).code).toBe(1013);
  });

  test('a ticket of a key that was rotated in is answered as a passing failure while the key set is away', async () => {
    await using keys = await KeySet.start();
    await keys.add('old');
    await using pair = await startPair({ AUTH_MODE: 'jwt', AUTH_JWKS_URL: keys.url });
    const bearer = async (kid: string) => ({ authorization: `Bearer ${await keys.sign(kid, { tasks: ['t1'] })}` });
    const query = `${pair.gateway.url}/graphql?query={__typename}`;
    const statusOf = async (headers: Record<string, string>) => (await fetch(query, { headers })).status;
    const closeCode = async (payload: Record<string, string>) => {
      await using client = await openSocket(pair.gateway.url);
      client.send({ type: 'connection_init', payload });
      return (await client.closed).code;
    };
    const before = await bearer('old');
    expect(await statusOf(before)).toBe(200);
    await keys.add('new');
    const after = await bearer('new');
    keys.down = true;
    expect(await statusOf(after)).toBe(503);
    expect(await statusOf(before)).toBe(200);
    expect(await closeCode(after)).toBe(1013);
    await using held = await connect(pair.gateway.url, before);
    expect(held.socket.readyState).toBe(held.socket.OPEN);
    keys.down = false;
    await metric(pair.gateway.url, 'key_set_available').toBe(1);
    await using client = await connect(pair.gateway.url, after);
    expect(client.socket.readyState).toBe(client.socket.OPEN);
    expect(await statusOf(after)).toBe(200);
  });
});
