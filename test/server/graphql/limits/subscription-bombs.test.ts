import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Pair, startPair } from '../../../support/gateway.ts';
import { type Ask, codesOf, SUBSCRIBING, TRANSPORTS } from '../../../support/transports.ts';
import { untilIdle } from '../../../support/until-idle.ts';
import { connect } from '../../../support/ws-client.ts';

const many = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const watch = (selection: string, more = ''): string =>
  `subscription Watch { taskStatus(id: "t1") { ${selection} } } ${more}`;
/** Fragments of which each spreads the next twice: 2^30 of what the last one has. */
const multiplying = (last: string): string =>
  `${many(30, (n) => `fragment F${n} on VideoTask { ...F${n + 1} ...F${n + 1} }`)} fragment F30 on VideoTask { ${last} }`;
const nested = (levels: number): string => `${'stages { '.repeat(levels)} status ${'} '.repeat(levels)}`;

const bombs: Readonly<Record<string, Ask>> = {
  aliases: { query: watch(many(16, (n) => `a${n}: id`)) },
  'aliases of the root field': {
    query: `subscription { ${many(16, (n) => `a${n}: taskStatus(id: "t1") { id }`)} }`,
  },
  'aliases in a fragment': { query: watch('...F', `fragment F on VideoTask { ${many(16, (n) => `a${n}: id`)} }`) },
  depth: { query: watch(nested(10)) },
  'depth in fragments': {
    query: watch(
      '...F0',
      many(10, (n) => `fragment F${n} on VideoTask { ${n < 9 ? `stages { ...F${n + 1} }` : 'stages { status }'} }`),
    ),
  },
  'fragments that multiply aliases': { query: watch('...F0', multiplying('a: id')) },
  'fragments that multiply directives': { query: watch('...F0', multiplying('id @skip(if: false)')) },
  'directives on one field': { query: watch(`id ${'@skip(if: true) '.repeat(21)}`) },
  'directives over fields': { query: watch(many(21, () => 'id @skip(if: true)')) },
  'directives on the operation': { query: `subscription ${'@live '.repeat(21)} { taskStatus(id: "t1") { id } }` },
  'root fields': { query: `subscription { ${many(21, () => 'taskStatus(id: "t1") { id }')} }` },
  'root fields in a fragment': {
    query: `subscription { ${many(21, () => '...F')} } fragment F on Subscription { taskStatus(id: "t1") { id } }`,
  },
  tokens: { query: watch('id '.repeat(1_000)) },
  'aliases in an operation beside the one asked for': {
    query: `${watch('id')} subscription Other { taskStatus(id: "t1") { ${many(16, (n) => `a${n}: id`)} } }`,
    operationName: 'Watch',
  },
};

let pair: Pair;
beforeAll(async () => {
  pair = await startPair();
  pair.simulator.setTask('t1', { status: 'success' });
  pair.simulator.setTask('live', { status: 'process', process: 1 });
});
afterAll(() => pair[Symbol.asyncDispose]());
afterEach(() => untilIdle(pair.gateway));

const HTTP = TRANSPORTS.filter(([name]) => name === 'HTTP');

describe.each([...HTTP, ...SUBSCRIBING])('a subscription over %s', (_name, ask) => {
  test.each(Object.entries(bombs))('with a bomb of %s is refused before any call upstream', async (_what, bomb) => {
    const { gateway, simulator } = pair;
    const before = simulator.totalCalls();
    expect(codesOf(await ask(gateway.url, bomb))).toEqual(['OPERATION_TOO_COMPLEX']);
    expect(simulator.totalCalls()).toBe(before);
    expect(gateway.counts()).toMatchObject({ watches: 0, liveResults: 0 });
  });

  test('with fragments that spread each other is not valid, at any size', async () => {
    const before = pair.simulator.totalCalls();
    const rings = 'fragment F on VideoTask { ...G ...G } fragment G on VideoTask { ...F ...F }';
    const codes = codesOf(await ask(pair.gateway.url, { query: watch('...F', rings) }));
    expect(new Set(codes)).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
    expect(pair.simulator.totalCalls()).toBe(before);
  });
});

test.each(SUBSCRIBING)('a subscription just within the limits is served over %s', async (_name, ask) => {
  const query = watch(`${many(15, (n) => `a${n}: id`)} ${many(20, () => 'status @skip(if: false)')}`);
  expect((await ask(pair.gateway.url, { query })).data).toMatchObject({ taskStatus: { a14: 't1', status: 'SUCCESS' } });
});

test('bombs on a WebSocket end with an error each, and the subscription beside them goes on', async () => {
  const { gateway, simulator } = pair;
  await using client = await connect(gateway.url);
  client.subscribe('live', 'subscription { taskStatus(id: "live") { progress } }');
  await client.messages.find(({ type }) => type === 'next');
  for (const [id, payload] of Object.entries(bombs)) client.send({ id, type: 'subscribe', payload });
  for (const id of Object.keys(bombs)) {
    const refusal = { id, type: 'error', payload: [{ extensions: { code: 'OPERATION_TOO_COMPLEX' } }] };
    expect(await client.ended(id)).toMatchObject([refusal]);
  }
  simulator.setTask('live', { status: 'process', process: 2 });
  await client.messages.find((message) => JSON.stringify(message).includes('"progress":2'));
  expect(simulator.countFor('t1')).toBeLessThanOrEqual(1);
});
