import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { startImpatient } from '../../support/short-timeouts-gateway.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect, openSocket, type WsClient } from '../../support/ws-client.ts';

const WATCH = 'subscription Watch($id: ID!) { taskStatus(id: $id) { progress } }';
const LOOK = 'query Look($id: ID!) { videoTask(id: $id) { progress } }';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('forever', { status: 'process', process: 7 });
});
afterAll(() => pair[Symbol.asyncDispose]());
afterEach(() => untilIdle(pair.gateway));

/** Resolves when the gateway has read and answered all that the client has sent before. */
async function roundTrip(client: WsClient): Promise<void> {
  const payload = { round: Math.random() };
  client.send({ type: 'ping', payload });
  await client.messages.find((message) => isDeepStrictEqual(message, { type: 'pong', payload }));
}

describe('the connection', () => {
  it.each([undefined, null, {}, { any: 'thing' }])(
    'is acknowledged to a connection_init with payload %j',
    async (payload) => {
      await using client = await openSocket(pair.gateway.url);
      client.send(payload === undefined ? { type: 'connection_init' } : { type: 'connection_init', payload });
      expect(await client.messages.find(() => true)).toEqual({ type: 'connection_ack' });
    },
  );

  it('closes with 4429 at two connection_init at once', async () => {
    await using client = await openSocket(pair.gateway.url);
    client.sendTogether({ type: 'connection_init' }, { type: 'connection_init' });
    expect((await client.closed).code).toBe(4429);
  });

  it.each([undefined, null, {}])(
    'takes a ping and a pong with payload %j at any time, before the acknowledgement too',
    async (payload) => {
      await using client = await openSocket(pair.gateway.url);
      client.send({ type: 'pong', payload });
      client.send({ type: 'ping', payload });
      await client.messages.find(({ type }) => type === 'pong');
      client.send({ type: 'connection_init' });
      await client.messages.find(({ type }) => type === 'connection_ack');
    },
  );

  it('gives the reasons of the protocol when it closes', async () => {
    await using impatient = await startImpatient({}, { connectionInitMs: 200 });
    await using late = await openSocket(impatient.url);
    await using early = await openSocket(pair.gateway.url);
    early.subscribe('early', LOOK, { id: 'forever' });
    await using twice = await connect(pair.gateway.url);
    twice.send({ type: 'connection_init' });
    await using same = await connect(pair.gateway.url);
    for (let count = 0; count < 2; count += 1) same.subscribe('same', WATCH, { id: 'forever' });
    expect(await Promise.all([late, early, twice, same].map(({ closed }) => closed))).toEqual([
      { code: 4408, reason: 'Connection initialisation timeout' },
      { code: 4401, reason: 'Unauthorized' },
      { code: 4429, reason: 'Too many initialisation requests' },
      { code: 4409, reason: 'Subscriber for same already exists' },
    ]);
  });

  it.each(['ping', 'pong'])('closes with 4400 at a %s whose payload is no object', async (type) => {
    await using client = await connect(pair.gateway.url);
    client.send({ type, payload: 'text' });
    expect((await client.closed).code).toBe(4400);
  });
});

describe('operations', () => {
  it('interleave, each message with the id of its operation', async () => {
    const { gateway, simulator } = pair;
    for (const id of ['a', 'b']) simulator.setTask(id, { status: 'process', process: 1 });
    await using client = await connect(gateway.url);
    for (const id of ['a', 'b']) client.subscribe(id, WATCH, { id });
    for (const [index, id] of ['a', 'b', 'a', 'b'].entries()) {
      const progress = 10 + index;
      simulator.setTask(id, { status: 'process', process: progress });
      const next = { id, type: 'next', payload: { data: { taskStatus: { progress } } } };
      await client.messages.find((message) => isDeepStrictEqual(message, next));
    }
    for (const id of ['a', 'b']) simulator.setTask(id, { status: 'success' });
    for (const id of ['a', 'b']) expect((await client.ended(id)).at(-1)).toEqual({ type: 'complete', id });
    expect(client.messages.all.every(({ type, id }) => type === 'connection_ack' || id === 'a' || id === 'b')).toBe(
      true,
    );
  });

  it.each(['operationName', 'variables', 'extensions'])('take null for %s', async (name) => {
    await using client = await connect(pair.gateway.url);
    client.send({ type: 'subscribe', id: '1', payload: { query: '{ __typename }', [name]: null } });
    expect((await client.ended('1')).map(({ type }) => type)).toEqual(['next', 'complete']);
  });

  it('close with 4409 at the id of an active query as well', async () => {
    await using slow = await startPair();
    slow.simulator.setTask('slow', { status: 'init' });
    slow.simulator.setLatency(2_000);
    await using client = await connect(slow.gateway.url);
    client.subscribe('1', LOOK, { id: 'slow' });
    await slow.simulator.waitForCalls('slow', 1);
    client.subscribe('1', WATCH, { id: 'slow' });
    expect((await client.closed).code).toBe(4409);
  });

  it('send nothing more after the client completes a subscription, and poll no more', async () => {
    const { gateway, simulator } = pair;
    simulator.setTask('left', { status: 'process', process: 1 });
    await using client = await connect(gateway.url);
    client.subscribe('1', WATCH, { id: 'left' });
    await client.messages.find(({ type }) => type === 'next');
    client.send({ type: 'complete', id: '1' });
    await roundTrip(client);
    simulator.setTask('left', { status: 'process', process: 2 });
    await expect.poll(() => gateway.counts()).toMatchObject({ watches: 0, liveResults: 0 });
    await roundTrip(client);
    expect(client.about('1').map(({ type }) => type)).toEqual(['next']);
  });

  it('send no result of a query that the client completes before it resolves', async () => {
    await using slow = await startPair();
    slow.simulator.setTask('slow', { status: 'init' });
    slow.simulator.setLatency(300);
    await using client = await connect(slow.gateway.url);
    client.subscribe('1', LOOK, { id: 'slow' });
    await slow.simulator.waitForCalls('slow', 1);
    client.send({ type: 'complete', id: '1' });
    client.subscribe('2', LOOK, { id: 'slow' });
    await client.ended('2');
    await roundTrip(client);
    expect(client.about('1')).toEqual([]);
  });

  it('ignore a complete for an id that is unknown, has completed or has failed', async () => {
    const { gateway, simulator } = pair;
    simulator.setTask('done', { status: 'success' });
    await using client = await connect(gateway.url);
    client.subscribe('completed', WATCH, { id: 'done' });
    client.subscribe('failed', 'subscription {');
    await Promise.all([client.ended('completed'), client.ended('failed')]);
    for (const id of ['unknown', 'completed', 'failed']) client.send({ type: 'complete', id });
    await roundTrip(client);
    expect(client.about('unknown')).toEqual([]);
    expect(client.about('completed').map(({ type }) => type)).toEqual(['next', 'complete']);
    expect(client.about('failed').map(({ type }) => type)).toEqual(['error']);
  });
});
