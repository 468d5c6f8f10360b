import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Pair, startPair } from '../../support/gateway.ts';
import { ask } from '../../support/http-client.ts';
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

test('without a token there is no webhook', async () => {
  await using pair = await startPair();
  expect((await call(pair, '{}')).status).toBe(404);
});
