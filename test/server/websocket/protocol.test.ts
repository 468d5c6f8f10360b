import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Pair } from '../../support/gateway.ts';
import { startPair } from '../../support/gateway.ts';
import { startImpatient } from '../../support/short-timeouts-gateway.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect, openSocket } from '../../support/ws-client.ts';

/** What a client may take for an id, though none of the usual ones does: each is written back as it came. */
const ODD_IDS = ['"quoted" \\ and\nbroken', 'Ærøskøbing 日本語 🎬', '\u2028', '{"id":"1"}', ' '];

const WATCH = 'subscription Watch($id: ID!) { taskStatus(id: $id) { id status } }';
const BATCHED = { query: WATCH, variables: { id: 'batched' } };

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('forever', { status: 'process', process: 7 });
});
afterAll(() => pair[Symbol.asyncDispose]());
afterEach(() => untilIdle(pair.gateway));

it.each(ODD_IDS)('knows a subscription by the id %j', async (id) => {
  pair.simulator.setTask('done', { status: 'success' });
  await using client = await connect(pair.gateway.url);
  client.subscribe(id, WATCH, { id: 'done' });
  const messages = await client.ended(id);
  expect(messages.map(({ type }) => type)).toEqual(['next', 'complete']);
  expect(messages[0]?.payload).toEqual({ data: { taskStatus: { id: 'done', status: 'SUCCESS' } } });
});

describe('what the protocol forbids', () => {
  it.each<[string, unknown]>([
    ['text that is no JSON', 'nonsense{'],
    ['JSON that is no message', [1, 2]],
    ['an unknown type', { type: 'bogus' }],
    ['no type', { id: '1' }],
    ['subscribe without an id', { type: 'subscribe', payload: { query: '{ __typename }' } }],
    ['subscribe with an empty id', { type: 'subscribe', id: '', payload: { query: '{ __typename }' } }],
    ['an id that is too long', { type: 'subscribe', id: 'x'.repeat(257), payload: { query: '{ __typename }' } }],
    ['subscribe without a payload', { type: 'subscribe', id: '1' }],
    ['connection_ack', { type: 'connection_ack' }],
    ['next', { type: 'next', id: '1', payload: { data: null } }],
    ['error', { type: 'error', id: '1', payload: [{ message: 'no' }] }],
  ])('closes with 4400 at %s', async (_name, message) => {
    await using client = await connect(pair.gateway.url);
    client.subscribe('a', WATCH, { id: 'forever' });
    await client.messages.find(({ type }) => type === 'next');
    client.send(message);
    expect((await client.closed).code).toBe(4400);
  });

  it('closes with 4400 at a binary frame', async () => {
    await using client = await connect(pair.gateway.url);
    client.socket.send(Buffer.from('{"type":"ping"}'));
    expect((await client.closed).code).toBe(4400);
  });

  it.each<[string, unknown]>([
    ['messages', ['1', '2'].map((id) => ({ id, type: 'subscribe', payload: BATCHED }))],
    ['operations in one message', { id: '1', type: 'subscribe', payload: [BATCHED, BATCHED] }],
    ['documents in one operation', { id: '1', type: 'subscribe', payload: { query: [WATCH, WATCH] } }],
  ])('closes with 4400 at a batch of %s before any of it runs, and no other client', async (_name, batch) => {
    const { gateway, simulator } = pair;
    await using neighbour = await connect(gateway.url);
    await using client = await connect(gateway.url);
    client.send(batch);
    expect((await client.closed).code).toBe(4400);
    expect(client.messages.all.map(({ type }) => type)).toEqual(['connection_ack']);
    expect(simulator.countFor(BATCHED.variables.id)).toBe(0);
    neighbour.subscribe('n', WATCH, { id: 'forever' });
    await neighbour.messages.find(({ id, type }) => id === 'n' && type === 'next');
  });

  it.each([
    ['lists', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['lists beside a toJSON', `${'['.repeat(30_000)}${']'.repeat(30_000)},"toJSON":1`],
    ['objects', `${'{"0":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ])('survives a ping whose payload is nested deeply, in %s', async (_name, nested) => {
    await using neighbour = await connect(pair.gateway.url);
    await using client = await openSocket(pair.gateway.url);
    client.send(`{"type":"ping","payload":{"a":${nested}}}`);
    const end = await Promise.race([client.messages.find(({ type }) => type === 'pong'), client.closed]);
    expect([{ type: 'pong' }, { code: 4500 }]).toContainEqual(
      expect.objectContaining('type' in end ? { type: 'pong' } : { code: 4500 }),
    );
    neighbour.subscribe('n', WATCH, { id: 'forever' });
    await neighbour.messages.find(({ id, type }) => id === 'n' && type === 'next');
  });

  it('closes with 1009 at a frame that is too long', async () => {
    await using client = await connect(pair.gateway.url);
    client.subscribe('big', `{ __typename } # ${'x'.repeat(70_000)}`);
    expect((await client.closed).code).toBe(1009);
  });

  it('closes with 4401 at a subscribe before the acknowledgement', async () => {
    await using client = await openSocket(pair.gateway.url);
    client.subscribe('early', '{ __typename }');
    expect((await client.closed).code).toBe(4401);
  });

  it('closes with 4406 without the subprotocol', async () => {
    await using client = await openSocket(pair.gateway.url, { protocol: null });
    expect((await client.closed).code).toBe(4406);
  });

  it('closes with 4408 without connection_init', async () => {
    await using impatient = await startImpatient({}, { connectionInitMs: 200 });
    await using client = await openSocket(impatient.url);
    expect((await client.closed).code).toBe(4408);
  });

  it('closes with 4409 at an id that is in use', async () => {
    await using client = await connect(pair.gateway.url);
    client.subscribe('same', WATCH, { id: 'forever' });
    client.subscribe('same', WATCH, { id: 'forever' });
    expect((await client.closed).code).toBe(4409);
  });

  it('says so within a close frame, however long the id', async () => {
    await using client = await connect(pair.gateway.url);
    const id = '\u{1f600}'.repeat(128);
    client.subscribe(id, WATCH, { id: 'forever' });
    expect((await client.messages.find(({ type }) => type === 'next')).id).toBe(id);
    client.subscribe(id, WATCH, { id: 'forever' });
    expect(await client.closed).toMatchObject({ code: 4409, reason: expect.stringMatching(/^Subscriber for/) });
  });

  it('closes with 4429 at a second connection_init', async () => {
    await using client = await connect(pair.gateway.url);
    client.send({ type: 'connection_init' });
    expect((await client.closed).code).toBe(4429);
  });

  it('runs nothing more for a socket that it is closing, even while the peer does not answer', async () => {
    await using client = await connect(pair.gateway.url);
    client.subscribe('a', WATCH, { id: 'forever' });
    await client.messages.find(({ type }) => type === 'next');
    client.sendTogether({ type: 'bogus' }, { type: 'subscribe', id: 'b', payload: { query: WATCH } });
    client.socket.pause();
    await untilIdle(pair.gateway);
    expect(client.about('b')).toEqual([]);
  });
});

describe('a conversation', () => {
  it('answers a ping with its payload, and takes a pong', async () => {
    await using client = await openSocket(pair.gateway.url);
    client.send({ type: 'pong' });
    client.send({ type: 'ping', payload: { n: 1 } });
    const pong = await client.messages.find(({ type }) => type === 'pong');
    expect(pong).toEqual({ type: 'pong', payload: { n: 1 } });
  });

  it('answers queries, introspection among them', async () => {
    await using client = await connect(pair.gateway.url);
    client.subscribe('q', 'query($id: ID!) { videoTask(id: $id) { id status } }', { id: 'forever' });
    client.subscribe('i', '{ __schema { subscriptionType { name } } }');
    expect(await client.ended('q')).toEqual([
      { id: 'q', type: 'next', payload: { data: { videoTask: { id: 'forever', status: 'PROCESS' } } } },
      { id: 'q', type: 'complete' },
    ]);
    expect((await client.ended('i'))[0]?.payload).toEqual({
      data: { __schema: { subscriptionType: { name: 'Subscription' } } },
    });
  });

  it.each([
    ['does not parse', 'subscription {', {}],
    ['does not validate', 'subscription { taskStatus(id: "a") { nothing } }', {}],
    ['lacks a variable', WATCH, {}],
    ['has a malformed id', WATCH, { id: '../x' }],
    ['has two root fields', 'subscription { a: taskStatus(id: "a") { id } b: taskStatus(id: "b") { id } }', {}],
    ['has no operation', 'fragment F on VideoTask { id }', {}],
  ])('ends with an error only the subscription that %s', async (_name, query, variables) => {
    const { gateway, simulator } = pair;
    simulator.addTask('neighbour', { timeline: [{ status: 'process', progress: 1 }] });
    await using client = await connect(gateway.url);
    client.subscribe('good', 'subscription { taskStatus(id: "neighbour") { progress } }');
    await client.messages.find(({ type }) => type === 'next');
    client.subscribe('bad', query, variables);
    const [error, ...more] = await client.ended('bad');
    expect(error).toMatchObject({ type: 'error', payload: [{ message: expect.any(String) }] });
    expect(more).toEqual([]);
    simulator.setTask('neighbour', { status: 'success' });
    expect((await client.ended('good')).at(-1)).toEqual({ type: 'complete', id: 'good' });
    expect(client.about('bad')).toHaveLength(1);
  });

  it.each([
    ['a query that is no string', { query: 1 }],
    ['variables that are a list', { query: '{ __typename }', variables: [1] }],
    ['an operationName that is a number', { query: '{ __typename }', operationName: 1 }],
  ])('survives %s', async (_name, payload) => {
    await using client = await connect(pair.gateway.url);
    client.send({ id: 'bad', type: 'subscribe', payload });
    await Promise.race([client.ended('bad'), client.closed]);
    await using other = await connect(pair.gateway.url);
    other.subscribe('q', '{ __typename }');
    expect((await other.ended('q')).at(-1)?.type).toBe('complete');
  });

  it('refuses one subscription too many, and takes another when one has ended', async () => {
    await using limited = await startPair({ MAX_SUBSCRIPTIONS_PER_CONNECTION: '2' });
    limited.simulator.addTask('forever', { timeline: 'queued' });
    await using client = await connect(limited.gateway.url);
    for (const id of ['a', 'b', 'c']) client.subscribe(id, WATCH, { id: 'forever' });
    expect(await client.ended('c')).toMatchObject([
      { type: 'error', payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }] },
    ]);
    client.send({ type: 'complete', id: 'a' });
    client.subscribe('d', WATCH, { id: 'forever' });
    await client.messages.find(({ id, type }) => id === 'd' && type === 'next');
  });
});
