import { expect, it } from 'vitest';
import { startSimulator } from '../../../src/simulator/simulator.ts';
import { post } from '../../support/http-client.ts';
import { metric } from '../../support/metrics-of.ts';
import { startProbed } from '../../support/probed-gateway.ts';
import { connect, type WsClient } from '../../support/ws-client.ts';

const SOCKETS = 3;
const SUBSCRIPTIONS = 100;
const MIB = 1024 * 1024;
/** The memory of the documents of one account is bounded at 16 MiB; the rest is for sockets and executions. */
const MOST_GROWTH = 40 * MIB;

const FIELDS =
  'id status rawStatus progress message resultUrl anchorId anchorType color createdAt stale finished checkedAt ' +
  'resultPeopleUrl resultBackgroundUrl backgroundWidth backgroundHeight replaceBackgroundId customBackgroundId ' +
  'elapsedSeconds reportedAt nextCheckAt statusDescription';

/** A document of nearly a thousand tokens that differs from every other one in more than white space. */
function fat(n: number): string {
  const fields = Array.from({ length: 30 }, (_, index) => (index === 0 ? `f${n}: id ${FIELDS}` : FIELDS)).join(' ');
  return `subscription { taskStatus(id: "live") { ${fields} } }`;
}

async function subscribeAll(client: WsClient, from: number): Promise<unknown[]> {
  for (let n = 0; n < SUBSCRIPTIONS; n += 1) client.subscribe(`${n}`, fat(from + n));
  await client.messages.count(1 + SUBSCRIPTIONS);
  return client.messages.all.filter(({ type }) => type === 'error').map(({ payload }) => payload);
}

it('bounds the documents of one caller’s live subscriptions, and leaves the other callers alone', {
  timeout: 120_000,
}, async () => {
  await using simulator = await startSimulator({ tokens: '*' });
  for (const token of ['attacker', 'other']) simulator.setTask('live', { status: 'process', process: 42 }, token);
  await using gateway = await startProbed({ A2E_API_URL: simulator.url });
  const authorized = (token: string) => ({ authorization: `Bearer ${token}` });
  await using other = await connect(gateway.url, authorized('other'));
  const before = await gateway.heap();
  await using stack = new AsyncDisposableStack();
  // The gateway reads so much text slowly, each socket for itself.
  const sockets = Array.from({ length: SOCKETS }, async (_, socket) => {
    const client = stack.use(await connect(gateway.url, authorized('attacker')));
    return subscribeAll(client, socket * SUBSCRIPTIONS);
  });
  const errors = (await Promise.all(sockets)).flat();
  expect(errors.length).toBeGreaterThan(SUBSCRIPTIONS);
  for (const error of errors)
    expect(error).toMatchObject([{ extensions: { code: 'OVERLOADED', retryAfterSeconds: expect.any(Number) } }]);
  expect((await gateway.heap()) - before).toBeLessThan(MOST_GROWTH);

  await metric(gateway.url, 'refusals_total{reason="overloaded"}').toBe(errors.length);

  const types = ['application/json', 'application/graphql-response+json', 'text/event-stream'];
  for (const accept of [...types, types.toReversed().join(', ')]) {
    const headers = { 'content-type': 'application/json', accept, ...authorized('attacker') };
    const query = fat(1_001).replace('subscription', 'query').replace('taskStatus', 'videoTask');
    const response = await fetch(`${gateway.url}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query }),
    });
    expect([accept, response.status, response.headers.get('retry-after')]).toEqual([accept, 503, '5']);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'OVERLOADED' } }] });
  }
  await metric(gateway.url, 'refusals_total{reason="overloaded"}').toBe(errors.length + 4);

  other.subscribe('mine', fat(1_002));
  expect(await other.messages.find(({ id }) => id === 'mine')).toMatchObject({ type: 'next' });

  await stack.disposeAsync();
  await using again = await connect(gateway.url, authorized('attacker'));
  again.subscribe('again', fat(1_003));
  expect(await again.messages.find(({ id }) => id === 'again')).toMatchObject({ type: 'next' });
});

const REJECTED = 400;
/** A tree of a rejected document takes half a MiB, and would be a growth of 180 MiB. */
const MOST_GROWTH_OF_REJECTED = 32 * MIB;

/** A document of nearly a thousand tokens with an error at the end of it. */
function wrong(n: number): string {
  return `{ videoTasks(ids: ${'['.repeat(450)}${n}${']'.repeat(450)}) { id } }`;
}

it('keeps no syntax tree of the rejected documents that it remembers', async () => {
  await using simulator = await startSimulator({ tokens: '*' });
  await using gateway = await startProbed({ A2E_API_URL: simulator.url, A2E_API_TOKEN: 'token', AUTH_MODE: 'open' });
  const reject = async (n: number): Promise<unknown> => (await post(gateway.url, wrong(n))).json();
  await reject(0);
  const before = await gateway.heap();
  for (let n = 1; n <= REJECTED; n += 1)
    expect(await reject(n)).toMatchObject({ errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
  expect((await gateway.heap()) - before).toBeLessThan(MOST_GROWTH_OF_REJECTED);
});
