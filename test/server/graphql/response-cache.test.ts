import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Pair, startGateway, startPair } from '../../support/gateway.ts';
import { ask, post } from '../../support/http-client.ts';
import { connect } from '../../support/ws-client.ts';

const QUERY = 'query Q($id: ID!) { videoTask(id: $id) { id progress checkedAt } }';
const INTERVAL_MS = 400;

let pair: Pair;
beforeAll(async () => {
  pair = await startPair({ POLL_INTERVAL_MS: `${INTERVAL_MS}`, POLL_MAX_INTERVAL_MS: `${INTERVAL_MS}` });
});
afterAll(() => pair[Symbol.asyncDispose]());

interface Task {
  readonly id: string;
  readonly progress: number;
  readonly checkedAt: string;
}

function taskOf(answer: { json(): unknown }): Task {
  return (answer.json() as { data: { videoTask: Task } }).data.videoTask;
}

function get(id: string, headers: Record<string, string> = {}, url = pair.gateway.url) {
  const search = new URLSearchParams({ query: QUERY, variables: JSON.stringify({ id }) });
  return ask(`${url}/graphql?${search}`, { headers });
}

describe('the same query again', () => {
  it('gets the same bytes while the state is known', async () => {
    // No test takes that long, on no machine.
    await using slow = await startPair({ POLL_INTERVAL_MS: '3600000', POLL_MAX_INTERVAL_MS: '3600000' });
    slow.simulator.setTask('again', { status: 'process', process: 1 });
    const first = await post(slow.gateway.url, QUERY, { variables: { id: 'again' } });
    expect(await post(slow.gateway.url, QUERY, { variables: { id: 'again' } })).toMatchObject({ body: first.body });
    expect(slow.simulator.countFor('again')).toBe(1);
  });

  it('is answered from the cache while a subscription has the task polled', async () => {
    await using slow = await startPair({ POLL_INTERVAL_MS: '3600000', POLL_MAX_INTERVAL_MS: '3600000' });
    slow.simulator.setTask('watched', { status: 'process', process: 1 });
    await using client = await connect(slow.gateway.url);
    client.subscribe('w', 'subscription { taskStatus(id: "watched") { progress } }');
    await client.messages.find(({ type }) => type === 'next');
    for (let n = 0; n < 100; n += 1) await post(slow.gateway.url, QUERY, { variables: { id: 'watched' } });
    const metrics = (await ask(`${slow.gateway.url}/metrics`)).body;
    expect(metrics).toContain('video_task_gateway_response_cache_requests_total{result="hit"} 99');
  });

  it('gets the new state once the known one is old', async () => {
    const { simulator, gateway } = pair;
    simulator.setTask('again', { status: 'process', process: 1 });
    await post(gateway.url, QUERY, { variables: { id: 'again' } });
    simulator.setTask('again', { status: 'process', process: 2 });
    await expect
      .poll(async () => taskOf(await post(gateway.url, QUERY, { variables: { id: 'again' } })).progress)
      .toBe(2);
  });

  it('is answered as its Accept asks', async () => {
    pair.simulator.setTask('accept', { status: 'success' });
    for (const type of ['application/json', 'application/graphql-response+json', 'application/json']) {
      const { headers, status } = await get('accept', { accept: type });
      expect([status, headers['content-type']]).toEqual([200, `${type}; charset=utf-8`]);
    }
  });

  it('costs no call for a finished task', async () => {
    pair.simulator.setTask('done', { status: 'success' });
    for (let time = 0; time < 5; time += 1) await get('done');
    expect(pair.simulator.countFor('done')).toBe(1);
  });
});

describe('an answer that says nothing about the next one', () => {
  it('is not kept: no such task, yet', async () => {
    expect(taskOf(await get('later'))).toBeNull();
    pair.simulator.setTask('later', { status: 'process', process: 7 });
    await expect.poll(async () => taskOf(await get('later'))?.progress).toBe(7);
  });

  it('is not kept: A2E does not answer', async () => {
    pair.simulator.fault({ kind: 'status', status: 500, id: 'broken', times: 1 });
    pair.simulator.setTask('broken', { status: 'process', process: 9 });
    expect((await get('broken')).json()).toMatchObject({ errors: [{ extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] });
    await expect.poll(async () => taskOf(await get('broken'))?.progress, { timeout: 10_000 }).toBe(9);
  });
});

describe('a GET', () => {
  it('is answered 304 while the client has the answer already', async () => {
    pair.simulator.setTask('tagged', { status: 'success' });
    const { headers } = await get('tagged');
    const etag = String(headers['etag']);
    expect(headers['cache-control']).toBe('private, no-cache');
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      expect(await get('tagged', { 'if-none-match': tag })).toMatchObject({ status: 304, body: '', headers: { etag } });
    expect(await get('tagged', { 'if-none-match': '"other"' })).toMatchObject({ status: 200, headers: { etag } });
  });

  it('gets the new answer with a new tag when the state has changed', async () => {
    pair.simulator.setTask('moving', { status: 'process', process: 1 });
    const { etag = '' } = (await get('moving')).headers;
    pair.simulator.setTask('moving', { status: 'process', process: 2 });
    await expect.poll(async () => (await get('moving', { 'if-none-match': etag })).status).toBe(200);
  });

  it('with a fault has no tag, and is not kept anywhere', async () => {
    const { status, headers } = await ask(`${pair.gateway.url}/graphql?query=%7B`, {
      headers: { accept: 'application/json' },
    });
    expect([status, headers['etag'], headers['cache-control']]).toEqual([200, undefined, 'no-store']);
  });

  it('that finds no such task is not kept anywhere', async () => {
    const { headers } = await get('nowhere');
    expect([headers['etag'], headers['cache-control']]).toEqual([undefined, 'no-store']);
  });

  it('says what its answer depends on, also when it has not changed', async () => {
    pair.simulator.setTask('varied', { status: 'success' });
    const { headers } = await get('varied');
    expect(headers.vary).toBe('accept, authorization');
    const again = await get('varied', { 'if-none-match': String(headers['etag']) });
    expect(again).toMatchObject({ status: 304, headers: { vary: 'accept, authorization' } });
  });
});

it('never serves one caller the response of another', async () => {
  const { simulator } = pair;
  simulator.setAccess({ tokens: ['token-a', 'token-b', 'demo-token'] });
  await using gateway = await startGateway({ A2E_API_URL: simulator.url });
  for (const [token, progress] of [['token-a', 11] as const, ['token-b', 22] as const])
    simulator.setTask('shared', { status: 'process', process: progress }, token);
  for (let time = 0; time < 3; time += 1) {
    const bearer = (token: string) => get('shared', { authorization: `Bearer ${token}` }, gateway.url);
    const [a, b] = await Promise.all([bearer('token-a'), bearer('token-b')]);
    expect([taskOf(a).progress, taskOf(b).progress]).toEqual([11, 22]);
    expect(await get('shared', {}, gateway.url)).toMatchObject({ status: 401 });
  }
});
