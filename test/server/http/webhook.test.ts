import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';
import { metricOf } from '../../support/metrics-of.ts';
import { connect } from '../../support/ws-client.ts';

const TOKEN = 'a-webhook-token';

function call(pair: Pair, body: string, headers: Record<string, string> = { 'x-a2e-webhook-token': TOKEN }) {
  return ask(`${pair.gateway.url}/webhooks/a2e`, { method: 'POST', headers, body });
}

describe('the webhook', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair({
      WEBHOOK_TOKEN: TOKEN,
      POLL_INTERVAL_MS: '60000',
      POLL_MAX_INTERVAL_MS: '60000',
      MAX_BODY_BYTES: '1000',
    });
  });
  afterAll(() => pair[Symbol.asyncDispose]());

  test('re-reads a watched task at once, wherever in the body its id stands', async () => {
    pair.simulator.setTask('job', { status: 'process' });
    await using client = await connect(pair.gateway.url);
    client.subscribe('w', 'subscription { taskStatus(id: "job") { status } }');
    await client.messages.find(({ type }) => type === 'next');
    pair.simulator.setTask('job', { status: 'success' });
    const answer = await call(pair, '{"event":"task.completed","data":{"task":["job"]}}');
    expect(answer).toMatchObject({ status: 204, body: '' });
    expect(JSON.stringify(await client.ended('w'))).toContain('SUCCESS');
    expect(pair.simulator.countFor('job')).toBe(2);
  });

  test('finds the id behind any number of other words', async () => {
    pair.simulator.setTask('late', { status: 'process' });
    await using client = await connect(pair.gateway.url);
    client.subscribe('w', 'subscription { taskStatus(id: "late") { status } }');
    await client.messages.find(({ type }) => type === 'next');
    pair.simulator.setTask('late', { status: 'success' });
    const words = Array.from({ length: 240 }, (_, index) => index.toString(36));
    expect(await call(pair, `${words.join(' ')} late`)).toMatchObject({ status: 204 });
    expect(JSON.stringify(await client.ended('w'))).toContain('SUCCESS');
  });

  test('takes the body as a hint alone', async () => {
    pair.simulator.setTask('watched', { status: 'process' });
    await using client = await connect(pair.gateway.url);
    client.subscribe('w', 'subscription { taskStatus(id: "watched") { status } }');
    await client.messages.find(({ type }) => type === 'next');
    await call(pair, '{"_id":"unwatched","status":"success"}');
    await call(pair, 'no JSON \0 at all');
    // A call for the unwatched task would come before this one.
    await call(pair, '{"_id":"watched","status":"success"}');
    await pair.simulator.waitForCalls('watched', 2);
    expect(client.about('w').map(({ type }) => type)).toEqual(['next']);
    expect(pair.simulator.countFor('unwatched')).toBe(0);
  });

  test.each([
    ['no token', {}],
    ['a wrong one', { 'x-a2e-webhook-token': `${TOKEN}x` }],
    ['a shorter one', { 'x-a2e-webhook-token': TOKEN.slice(1) }],
    ['a bearer instead', { authorization: `Bearer ${TOKEN}` }],
  ])('refuses %s', async (_what, headers) => {
    expect((await call(pair, '{}', headers)).status).toBe(401);
  });

  test('refuses a body that is too large, and any method but POST', async () => {
    expect((await call(pair, 'x'.repeat(1001))).status).toBe(413);
    expect((await ask(`${pair.gateway.url}/webhooks/a2e`)).status).toBe(405);
  });
});

test('replays, garbage and wrong tokens cost A2E one call per task, and are answered with 429 past the rate', async () => {
  await using pair = await startPair({
    WEBHOOK_TOKEN: TOKEN,
    POLL_INTERVAL_MS: '600000',
    POLL_MAX_INTERVAL_MS: '600000',
  });
  pair.simulator.setTask('job', { status: 'process' });
  await using client = await connect(pair.gateway.url);
  client.subscribe('w', 'subscription { taskStatus(id: "job") { status } }');
  await client.messages.find(({ type }) => type === 'next');
  const replay = () => call(pair, '{"_id":"job","status":"success"}');
  const garbage = () => call(pair, `job \0 ${'x'.repeat(1_000)} job`);
  const wrong = () => call(pair, '{"_id":"job"}', { 'x-a2e-webhook-token': 'wrong' });
  const statuses = { replay: new Set<number>(), garbage: new Set<number>(), wrong: new Set<number>() };
  let calls = 0;
  // On a slow machine a batch may take longer than the second of the rate.
  while (calls < 1_000 || !statuses.replay.union(statuses.garbage).has(429) || !statuses.wrong.has(429)) {
    const batch = Array.from({ length: 40 }, async () => {
      statuses.replay.add((await replay()).status);
      statuses.garbage.add((await garbage()).status);
      const { status, headers } = await wrong();
      statuses.wrong.add(status);
      if (status === 429) expect(headers['retry-after']).toBe('1');
    });
    await Promise.all(batch);
    calls += 40;
  }
  expect(statuses.replay.union(statuses.garbage)).toEqual(new Set([204, 429]));
  expect(statuses.wrong).toEqual(new Set([401, 429]));
  expect(pair.simulator.countFor('job')).toBe(2);
  for (const reason of ['unauthenticated', 'rate_limited'])
    expect(await metricOf(pair.gateway.url, `video_task_gateway_refusals_total{reason="${reason}"}`)).toBeGreaterThan(
      0,
    );
});

test('the thousandth word of a body is the last that may be an id', async () => {
  await using pair = await startPair({
    WEBHOOK_TOKEN: TOKEN,
    POLL_INTERVAL_MS: '60000',
    POLL_MAX_INTERVAL_MS: '60000',
  });
  await using client = await connect(pair.gateway.url);
  // The task of the word too many is polled first, if it is polled.
  for (const id of ['outside', 'inside']) {
    pair.simulator.setTask(id, { status: 'process' });
    client.subscribe(id, `subscription { taskStatus(id: "${id}") { status } }`);
    await client.messages.find((message) => message.type === 'next' && message.id === id);
  }
  const words = Array.from({ length: 999 }, (_, index) => `w${index}`);
  expect(await call(pair, [...words, 'inside', 'outside'].join(' '))).toMatchObject({ status: 204 });
  await pair.simulator.waitForCalls('inside', 2);
  expect(pair.simulator.countFor('outside')).toBe(1);
});

test('without a token there is no webhook', async () => {
  await using pair = await startPair();
  expect((await call(pair, '{}')).status).toBe(404);
});
