import { describe, expect, test, vi } from 'vitest';
import type { FaultAction } from '../../src/simulator/fault.ts';
import { startPair } from '../support/gateway.ts';
import { codesOf, TRANSPORTS } from '../support/transports.ts';
import { view } from '../support/viewer.ts';

const LOOK = 'query($id: ID!) { videoTask(id: $id) { id progress stale } }';
const LOOK_ALL = 'query($ids: [ID!]!) { videoTasks(ids: $ids) { id } }';

const CODES: readonly (readonly [code: string, name: string, fault: FaultAction])[] = [
  ['UPSTREAM_UNAVAILABLE', '500', { kind: 'status', status: 500 }],
  ['UPSTREAM_UNAVAILABLE', '408', { kind: 'status', status: 408 }],
  ['UPSTREAM_UNAVAILABLE', '409', { kind: 'status', status: 409 }],
  ['UPSTREAM_UNAVAILABLE', '425', { kind: 'status', status: 425 }],
  ['UPSTREAM_UNAVAILABLE', 'a reset', { kind: 'reset' }],
  ['UPSTREAM_UNAVAILABLE', 'a time-out', { kind: 'hang' }],
  ['UPSTREAM_UNAVAILABLE', "the gateway's own token refused", { kind: 'status', status: 401 }],
  ['UPSTREAM_RATE_LIMITED', '429', { kind: 'status', status: 429, retryAfter: 7 }],
  ['UPSTREAM_BAD_RESPONSE', 'a redirect', { kind: 'redirect', location: 'http://127.0.0.1:1/' }],
  ['UPSTREAM_BAD_RESPONSE', 'another 4xx', { kind: 'status', status: 418 }],
  ['UPSTREAM_BAD_RESPONSE', 'HTML', { kind: 'html' }],
  ['UPSTREAM_BAD_RESPONSE', 'a wrong shape', { kind: 'json' }],
  ['UPSTREAM_BAD_RESPONSE', 'too large', { kind: 'huge' }],
  ['UPSTREAM_BAD_RESPONSE', '`code` not 0', { kind: 'code' }],
];

const CASES = TRANSPORTS.flatMap(([transport, ask]) =>
  CODES.map(([code, name, fault]) => [transport, name, code, fault, ask] as const),
);

describe.concurrent('a query, without an earlier state and with one', () => {
  test.each(CASES)('over %s, %s: %s', async (_transport, _name, code, fault, ask) => {
    await using pair = await startPair({ UPSTREAM_TIMEOUT_MS: '2000' });
    const { simulator, gateway } = pair;
    simulator.setTask('seen', { status: 'process', process: 10 });
    expect(await ask(gateway.url, { query: LOOK, variables: { id: 'seen' } })).toMatchObject({
      data: { videoTask: { id: 'seen', stale: false } },
    });
    simulator.fault({ ...fault, times: 'always' });
    const unseen = await ask(gateway.url, { query: LOOK, variables: { id: 'unseen' } });
    expect(codesOf(unseen)).toEqual([code]);
    expect(unseen.data).toEqual({ videoTask: null });
    expect(unseen.errors?.[0]?.extensions).toEqual({
      code,
      id: 'unseen',
      ...(code === 'UPSTREAM_RATE_LIMITED' && { retryAfterSeconds: 7 }),
    });
    const stale = { data: { videoTask: { id: 'seen', progress: 10, stale: true } } };
    await vi.waitFor(
      async () => expect(await ask(gateway.url, { query: LOOK, variables: { id: 'seen' } })).toEqual(stale),
      { timeout: 20_000 },
    );
  });
});

describe.concurrent.each(TRANSPORTS)('over %s', (_name, ask) => {
  test('a caller with a token that A2E refuses is UNAUTHENTICATED', async () => {
    await using pair = await startPair({ A2E_API_TOKEN: '' });
    const answer = await ask(pair.gateway.url, { query: LOOK, variables: { id: 'any' } }, 'refused');
    expect(codesOf(answer)).toEqual(['UNAUTHENTICATED']);
  });

  test('one bad id does not spoil its neighbours', async () => {
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    simulator.setTask('good', { status: 'process' });
    simulator.setTask('bad', { status: 'process' });
    simulator.fault({ kind: 'html', id: 'bad', times: 'always' });
    const answer = await ask(gateway.url, { query: LOOK_ALL, variables: { ids: ['bad', 'good', 'missing', 'good'] } });
    expect(answer.data).toEqual({ videoTasks: [null, { id: 'good' }, null, { id: 'good' }] });
    expect(answer.errors).toMatchObject([
      { path: ['videoTasks', 0], extensions: { code: 'UPSTREAM_BAD_RESPONSE', id: 'bad' } },
    ]);
    expect(simulator.totalCalls()).toBe(3);
  });
});

describe.concurrent.each(['SSE', 'WebSocket'] as const)('a subscription over %s', (transport) => {
  test.each([
    ['UPSTREAM_UNAVAILABLE', { kind: 'status', status: 500 }],
    ['UPSTREAM_RATE_LIMITED', { kind: 'status', status: 429, retryAfter: 7 }],
    ['UPSTREAM_BAD_RESPONSE', { kind: 'html' }],
  ] as const)('that gets no state in time ends with %s', async (code, fault) => {
    await using pair = await startPair({ FIRST_ANSWER_TIMEOUT_MS: '2000' });
    const { simulator, gateway } = pair;
    simulator.fault({ ...fault, times: 'always' });
    const begun = performance.now();
    await using viewer = await view(gateway.url, transport, 'any');
    const { extensions } = await viewer.errors.find(() => true);
    expect(extensions?.['code']).toBe(code);
    if (code !== 'UPSTREAM_RATE_LIMITED') return;
    expect(extensions?.['retryAfterSeconds']).toBeLessThanOrEqual(7);
    expect(extensions?.['retryAfterSeconds']).toBeGreaterThanOrEqual(7 - (performance.now() - begun) / 1000);
  });
});
