import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Pair } from '../../support/gateway.ts';
import { startPair } from '../../support/gateway.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect, tcpOf } from '../../support/ws-client.ts';

const WATCH = 'subscription($id: ID!) { taskStatus(id: $id) { id status } }';

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
});
afterAll(() => pair[Symbol.asyncDispose]());
afterEach(() => untilIdle(pair.gateway));

const subscribe = (id: string, task: string) => ({
  id,
  type: 'subscribe',
  payload: { query: WATCH, variables: { id: task } },
});
const complete = (id: string) => ({ id, type: 'complete' });

it('runs only the last of several subscriptions under one id, sent in one TCP segment', async () => {
  const { gateway, simulator } = pair;
  for (const task of ['one', 'two', 'three']) simulator.addTask(task, { timeline: 'queued' });
  await using client = await connect(gateway.url);
  client.sendTogether(
    subscribe('x', 'one'),
    complete('x'),
    subscribe('x', 'two'),
    complete('x'),
    subscribe('x', 'three'),
  );
  await client.messages.find(({ payload }) => JSON.stringify(payload ?? null).includes('three'));
  for (const task of ['one', 'two']) simulator.setTask(task, { status: 'success' });
  simulator.setTask('three', { status: 'success' });
  const messages = await client.ended('x');
  const afterThree = messages.slice(messages.findIndex((message) => JSON.stringify(message).includes('three')));
  expect(afterThree.map(({ type }) => type)).toEqual(['next', 'next', 'complete']);
  expect(JSON.stringify(afterThree)).not.toMatch(/one|two/);
  client.send({ type: 'ping' });
  await client.messages.find(({ type }) => type === 'pong');
  expect(client.about('x')).toHaveLength(messages.length);
});

it('runs only the last of several subscriptions under one id while documents of other callers are validated', async () => {
  await using busy = await startPair({ A2E_API_TOKEN: '' }, { tokens: '*' });
  const { gateway, simulator } = busy;
  const authorized = (token: string) => ({ authorization: `Bearer ${token}` });
  for (const task of ['one', 'two', 'three']) simulator.setTask(task, { status: 'process' }, 'mine');
  /** A document that no other message has, and that takes long to validate. */
  const slow = (id: string, task: string) => ({
    id,
    type: 'subscribe',
    payload: { query: `subscription { taskStatus(id: "${task}") { ${task}: id ${'stages { status } '.repeat(30)} } }` },
  });
  await using others = new AsyncDisposableStack();
  const clients = await Promise.all(
    Array.from({ length: 30 }, async (_, n) => others.use(await connect(gateway.url, authorized(`other-${n}`)))),
  );
  await using client = await connect(gateway.url, authorized('mine'));
  for (const [n, other] of clients.entries())
    other.sendTogether(...Array.from({ length: 5 }, (_, m) => slow(`${m}`, `other_${n}_${m}`)));
  client.sendTogether(slow('x', 'one'), complete('x'), slow('x', 'two'), complete('x'), slow('x', 'three'));
  await client.messages.find(({ payload }) => JSON.stringify(payload ?? null).includes('"three"'));
  simulator.setTask('three', { status: 'success' }, 'mine');
  const messages = await client.ended('x');
  const afterThree = messages.slice(messages.findIndex((message) => JSON.stringify(message).includes('"three"')));
  expect(afterThree.map(({ type }) => type)).toEqual(['next', 'next', 'complete']);
  expect(JSON.stringify(afterThree)).not.toMatch(/"one"|"two"/);
});

it('leaves no operation running when the socket closes in the middle of it', async () => {
  const { gateway, simulator } = pair;
  simulator.addTask('forever', { timeline: 'queued' });
  await using client = await connect(gateway.url);
  const turns = Array.from({ length: 50 }, () => [subscribe('x', 'forever'), complete('x')]).flat();
  client.sendTogether(...turns, subscribe('x', 'forever'));
  await client.messages.find(({ type }) => type === 'next');
  client.socket.close(1000);
  await untilIdle(gateway);
});

it('takes the same id again as soon as the last one has completed', async () => {
  const { gateway, simulator } = pair;
  simulator.addTask('done', { timeline: 'finished' });
  await using client = await connect(gateway.url);
  for (let round = 1; round <= 20; round += 1) {
    client.subscribe('again', WATCH, { id: 'done' });
    await client.messages.count(1 + round * 2);
  }
  expect(client.about('again').map(({ type }) => type)).toEqual(Array(20).fill(['next', 'complete']).flat());
});

it.each([
  ['closes', (client: Awaited<ReturnType<typeof connect>>) => client.socket.close(1000)],
  ['is terminated', (client: Awaited<ReturnType<typeof connect>>) => client.socket.terminate()],
  ['is reset', (client: Awaited<ReturnType<typeof connect>>) => tcpOf(client.socket).resetAndDestroy()],
  ['ends its side only', (client: Awaited<ReturnType<typeof connect>>) => tcpOf(client.socket).end()],
])('stops polling when the socket %s', async (_name, leave) => {
  const { gateway, simulator } = pair;
  simulator.addTask('left', { timeline: 'queued' });
  await using client = await connect(gateway.url);
  client.subscribe('a', WATCH, { id: 'left' });
  await client.messages.find(({ type }) => type === 'next');
  expect(gateway.counts()).toMatchObject({ watches: 1, liveResults: 1, connections: 1 });
  leave(client);
  await untilIdle(gateway);
});
