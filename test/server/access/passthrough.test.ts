import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { post } from '../../support/http-client.ts';
import { openStream } from '../../support/sse-client.ts';
import { untilIdle } from '../../support/until-idle.ts';
import { connect, openSocket, type WsClient } from '../../support/ws-client.ts';

const WATCH = 'subscription($id: ID!) { taskStatus(id: $id) { status message } }';
const LOOK = 'query($id: ID!) { videoTask(id: $id) { message } }';

let round = 0;
let id: string;

let pair: Pair;
beforeAll(async () => {
  pair = await startPair({ A2E_API_TOKEN: '' }, { tokens: ['anna', 'bert'] });
});
afterAll(() => pair[Symbol.asyncDispose]());
beforeEach(() => {
  const { simulator } = pair;
  round += 1;
  id = `shared-${round}`;
  simulator.setAccess({ tokens: ['anna', 'bert'] });
  simulator.setTask(id, { status: 'process', msg: "Anna's" }, 'anna');
  simulator.setTask(id, { status: 'process', msg: "Bert's" }, 'bert');
  simulator.resetCounts();
});

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const isNext = ({ type }: { readonly type: string }) => type === 'next';
const textOf = (client: WsClient) => JSON.stringify(client.messages.all);

describe('connectionParams', () => {
  it.each(['authorization', 'Authorization', 'AUTHORIZATION'])('may carry the token as %s', async (key) => {
    await using client = await connect(pair.gateway.url, { [key]: 'Bearer anna' });
    client.subscribe('q', LOOK, { id });
    expect((await client.ended('q'))[0]?.payload).toEqual({ data: { videoTask: { message: "Anna's" } } });
  });

  it.each([
    ['in an object `headers`, as Hasura does', { headers: { Authorization: 'Bearer anna' } }],
    ['as `connectionParams.token`, as Apollo Router does', { connectionParams: { token: 'anna' } }],
    ['as `connectionParams.token` with its scheme', { connectionParams: { token: 'Bearer anna' } }],
    [
      'in the first place of the contract before all others',
      {
        connectionParams: { token: 'bert' },
        headers: { authorization: 'Bearer bert' },
        authorization: 'Bearer anna',
      },
    ],
    [
      'in `headers` before `connectionParams`',
      { connectionParams: { token: 'bert' }, headers: { authorization: 'Bearer anna' } },
    ],
  ])('may carry the token %s', async (_name, params) => {
    await using client = await connect(pair.gateway.url, params, { headers: { authorization: 'Bearer bert' } });
    client.subscribe('q', LOOK, { id });
    expect((await client.ended('q'))[0]?.payload).toEqual({ data: { videoTask: { message: "Anna's" } } });
  });

  it.each([[undefined], [{}], [{ headers: {} }]])('may be %j when the upgrade carries the token', async (params) => {
    await using client = await connect(pair.gateway.url, params, { headers: { authorization: 'Bearer anna' } });
    client.subscribe('q', LOOK, { id });
    expect((await client.ended('q'))[0]?.payload).toEqual({ data: { videoTask: { message: "Anna's" } } });
  });

  it.each([
    ['are absent', undefined],
    ['carry a bare `token`', { token: 'anna' }],
    ['carry no token', {}],
    ['carry another scheme', { authorization: 'Basic YTpi' }],
    ['carry a token that is no string', { authorization: { token: 'anna' } }],
    ['carry a token with a line break', { authorization: 'Bearer an\r\nna' }],
  ])('close with 4403 when they %s', async (_name, payload) => {
    await using client = await openSocket(pair.gateway.url);
    client.send({ type: 'connection_init', ...(payload ? { payload } : {}) });
    expect((await client.closed).code).toBe(4403);
    expect(pair.simulator.totalCalls()).toBe(0);
  });
});

describe('two callers with different tokens on one id', () => {
  it('have a poll each, and never receive a state of the other token', async () => {
    const { gateway, simulator } = pair;
    await using anna = await connect(gateway.url, bearer('anna'));
    await using bert = await connect(gateway.url, bearer('bert'));
    await using annaStream = await openStream(gateway.url, {
      query: WATCH,
      variables: { id },
      headers: bearer('anna'),
    });
    // Before the first state a live result accepts further subscribers for a short time only.
    await annaStream.events.count(1);
    for (const client of [anna, bert]) client.subscribe('w', WATCH, { id });
    await Promise.all([anna.messages.find(isNext), bert.messages.find(isNext)]);
    expect(gateway.counts()).toMatchObject({ watches: 2, liveResults: 2 });
    await Promise.all([simulator.waitForCalls(id, 3, 'anna'), simulator.waitForCalls(id, 3, 'bert')]);
    simulator.setTask(id, { status: 'success', msg: "Anna's video" }, 'anna');
    await anna.ended('w');
    await annaStream.ended;
    simulator.setTask(id, { status: 'fail', msg: "Bert's failure" }, 'bert');
    await bert.ended('w');
    expect(`${textOf(anna)}${annaStream.text()}`).toMatch(/Anna's video/);
    expect(`${textOf(anna)}${annaStream.text()}`).not.toMatch(/Bert/);
    expect(textOf(bert)).toMatch(/Bert's failure/);
    expect(textOf(bert)).not.toMatch(/Anna/);
    await Promise.all([anna[Symbol.asyncDispose](), bert[Symbol.asyncDispose]()]);
    await untilIdle(gateway);
  });

  it('get their own responses over HTTP, although the other token has a cached one', async () => {
    for (const [token, message] of [
      ['anna', "Anna's"],
      ['bert', "Bert's"],
      ['anna', "Anna's"],
    ] as const) {
      const answer = await post(pair.gateway.url, LOOK, { variables: { id }, headers: bearer(token) });
      expect(answer.json()).toEqual({ data: { videoTask: { message } } });
    }
  });
});

describe('a refused token', () => {
  it.each(['http401', 'http403', 'code'] as const)('ends only its own subscriptions (%s)', async (refusal) => {
    const { gateway, simulator } = pair;
    // A token of its own: for a second after a refusal the calls of a token fail without a call.
    const token = `bert-${refusal}`;
    simulator.setAccess({ tokens: ['anna', token], refusal });
    simulator.setTask(id, { status: 'process', msg: "Bert's" }, token);
    await using anna = await connect(gateway.url, bearer('anna'));
    await using bert = await connect(gateway.url, bearer(token));
    await using bertStream = await openStream(gateway.url, {
      query: WATCH,
      variables: { id },
      headers: bearer(token),
    });
    for (const client of [anna, bert]) client.subscribe('w', WATCH, { id });
    await Promise.all([anna.messages.find(isNext), bert.messages.find(isNext), bertStream.events.count(1)]);
    simulator.setAccess({ tokens: ['anna'] });
    const refused = { extensions: { code: 'UNAUTHENTICATED' } };
    expect((await bert.ended('w')).at(-1)).toMatchObject({ type: 'error', payload: [refused] });
    expect((await bertStream.ended).slice(-2)).toMatchObject([
      { event: 'next', data: { errors: [refused] } },
      { event: 'complete' },
    ]);
    const query = await post(gateway.url, LOOK, { variables: { id }, headers: bearer(token) });
    expect(query.json()).toMatchObject({ data: { videoTask: null }, errors: [refused] });
    simulator.setTask(id, { status: 'success', msg: 'still here' }, 'anna');
    expect((await anna.ended('w')).at(-1)?.type).toBe('complete');
    expect(textOf(anna)).toMatch(/still here/);
    expect(textOf(anna)).not.toMatch(/errors|stale/);
    await Promise.all([anna[Symbol.asyncDispose](), bert[Symbol.asyncDispose]()]);
    await untilIdle(gateway);
  });

  it('never appears in a response', async () => {
    const secret = 'sk-secret-token-1234';
    const answer = await post(pair.gateway.url, LOOK, { variables: { id }, headers: bearer(secret) });
    expect(answer.body).toMatch(/UNAUTHENTICATED/);
    expect(answer.body).not.toMatch(/secret/);
  });
});
