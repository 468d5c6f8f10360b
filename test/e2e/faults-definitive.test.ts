import { readFileSync } from 'node:fs';
import { createServer as createTlsServer } from 'node:https';
import { describe, expect, test } from 'vitest';
import { startGateway, startPair, TOKEN } from '../support/gateway.ts';
import { ask } from '../support/http-client.ts';
import { view } from '../support/viewer.ts';
import { answerFor, run } from '../upstream/upstream-server.ts';

const ID = 'watched';

describe.concurrent('a watcher and the remaining rows of the table', () => {
  test('DNS: no state ever arrives, so the subscription ends with an error in time', async () => {
    const upstream = { A2E_API_URL: 'http://a2e.invalid', A2E_API_TOKEN: TOKEN };
    await using gateway = await startGateway({ ...upstream, FIRST_ANSWER_TIMEOUT_MS: '1000' });
    await using viewer = await view(gateway.url, 'WebSocket', ID);
    const error = await viewer.errors.find(() => true);
    expect(error.extensions?.['code']).toBe('UPSTREAM_UNAVAILABLE');
    expect(viewer.states.all).toEqual([]);
  });

  test('TLS failure: the same, and no request reaches the impostor', async () => {
    const pem = readFileSync(new URL('../upstream/self-signed.pem', import.meta.url));
    let requests = 0;
    const tls = createTlsServer({ key: pem, cert: pem }, (_request, response) => {
      requests += 1;
      response.end(answerFor(ID));
    });
    await using impostor = await run(tls, 'https');
    const upstream = { A2E_API_URL: impostor.origin, A2E_API_TOKEN: TOKEN };
    await using gateway = await startGateway({ ...upstream, FIRST_ANSWER_TIMEOUT_MS: '1000' });
    await using viewer = await view(gateway.url, 'SSE', ID);
    const error = await viewer.errors.find(() => true);
    expect(error.extensions?.['code']).toBe('UPSTREAM_UNAVAILABLE');
    expect(requests).toBe(0);
  });

  test.each(['http401', 'http403', 'code'] as const)(
    "the gateway's own token refused (%s): stale, not ready, a slow probe, and well again",
    async (refusal) => {
      await using pair = await startPair();
      const { simulator, gateway } = pair;
      simulator.setTask(ID, { status: 'process', process: 10 });
      await using viewer = await view(gateway.url, 'WebSocket', ID);
      await viewer.states.count(1);
      simulator.setAccess({ tokens: ['another'], refusal });
      await viewer.states.find(({ stale }) => stale);
      expect(await ask(`${gateway.url}/readyz`)).toMatchObject({
        status: 503,
        body: expect.stringContaining('refused'),
      });
      const calls = simulator.totalCalls();
      simulator.setAccess({ tokens: [TOKEN] });
      simulator.setTask(ID, { status: 'process', process: 20 });
      await viewer.states.find(({ progress, stale }) => progress === 20 && !stale);
      expect(simulator.totalCalls()).toBeLessThanOrEqual(calls + 3);
      expect(await ask(`${gateway.url}/readyz`)).toMatchObject({ status: 200 });
      expect(viewer).toMatchObject({ end: null, errors: { all: [] } });
    },
  );

  test.each(['http401', 'http403', 'code'] as const)(
    "a caller's token refused (%s): only that caller's subscription ends",
    async (refusal) => {
      await using pair = await startPair({ A2E_API_TOKEN: '' }, { tokens: ['anna', 'bert'], refusal });
      const { simulator, gateway } = pair;
      simulator.setTask(ID, { status: 'process', process: 10 });
      await using anna = await view(gateway.url, 'WebSocket', ID, 'anna');
      await using bert = await view(gateway.url, 'SSE', ID, 'bert');
      await anna.states.count(1);
      await bert.states.count(1);
      simulator.setAccess({ tokens: ['anna'] });
      const error = await bert.errors.find(() => true);
      expect(error.extensions?.['code']).toBe('UNAUTHENTICATED');
      simulator.setTask(ID, { status: 'process', process: 20 });
      await anna.states.find(({ progress, stale }) => progress === 20 && !stale);
      expect(anna).toMatchObject({ end: null, errors: { all: [] } });
    },
  );

  test.each([
    ['404', { kind: 'status', status: 404 }],
    ['`data: []`', { kind: 'empty' }],
    ['`data: null`', { kind: 'data-null' }],
  ] as const)('%s for an id never seen: TASK_NOT_FOUND, after a grace', async (_row, fault) => {
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    simulator.setTask(ID, { status: 'process' });
    simulator.fault({ ...fault, id: ID, times: 'always' });
    const startedAt = performance.now();
    await using viewer = await view(gateway.url, 'SSE', ID);
    const error = await viewer.errors.find(() => true);
    expect(error.extensions?.['code']).toBe('TASK_NOT_FOUND');
    expect(performance.now() - startedAt).toBeGreaterThan(1_950);
    expect(viewer.states.all).toEqual([]);
  });

  test('a task that can be read within the grace is shown', async () => {
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    await using viewer = await view(gateway.url, 'WebSocket', ID);
    await simulator.waitForCalls(ID, 3);
    simulator.setTask(ID, { status: 'init' });
    expect(await viewer.states.find(() => true)).toMatchObject({ status: 'INIT', stale: false });
    expect(viewer.errors.all).toEqual([]);
  });
});

describe.concurrent('odd answers that are understood', () => {
  test.each([
    ['`data` an object is accepted as a row', { kind: 'data-object' }, { status: 'PROCESS', progress: 10 }],
    ['of several rows the one asked for', { kind: 'many-rows' }, { status: 'PROCESS', progress: 10 }],
    ['an unknown status', { kind: 'row', row: { status: 'rendering' } }, { status: 'UNKNOWN', rawStatus: 'rendering' }],
    ['numbers as strings', { kind: 'row', row: { process: '55' } }, { progress: 55 }],
    ['progress -1', { kind: 'row', row: { process: -1 } }, { status: 'PROCESS' }],
    ['progress 150', { kind: 'row', row: { process: 150 } }, { status: 'PROCESS' }],
    ['beyond Int, and bad dates', { kind: 'row', row: { diff_s: 1e12, createdAt: 'yesterday' } }, { progress: 10 }],
    ['extra keys', { kind: 'row', row: { constructor: {}, extra: { deep: [] } } }, { progress: 10 }],
    [
      'javascript: and data: URLs',
      { kind: 'row', row: { result: 'javascript:x', result_bg_url: 'data:,x' } },
      { progress: 10 },
    ],
  ] as const)('%s', async (_row, fault, shown) => {
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    simulator.setTask(ID, { status: 'process', process: 10 });
    simulator.fault({ ...fault, id: ID, times: 'always' });
    await using viewer = await view(gateway.url, 'WebSocket', ID);
    const [first] = await viewer.states.count(1);
    expect(first).toMatchObject({ ...shown, stale: false });
    await simulator.waitForCalls(ID, 3);
    simulator.clearFaults();
    simulator.setTask(ID, { status: 'success' });
    await viewer.states.find(({ status }) => status === 'SUCCESS');
    expect(
      viewer.states.all.every(({ stale, progress }) => !stale && (progress ?? 0) >= 0 && (progress ?? 0) <= 100),
    ).toBe(true);
    expect(viewer.errors.all).toEqual([]);
  });

  test('backwards among unfinished ones is shown', async () => {
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    simulator.setTask(ID, { status: 'copy' });
    await using viewer = await view(gateway.url, 'SSE', ID);
    await viewer.states.count(1);
    simulator.setTask(ID, { status: 'pending' });
    await viewer.states.count(2);
    expect(viewer.states.all.map(({ status }) => status)).toEqual(['COPY', 'PENDING']);
  });

  test('finished stays finished, and is never asked for again', async () => {
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    simulator.setTask(ID, { status: 'success' });
    await using viewer = await view(gateway.url, 'SSE', ID);
    await viewer.states.count(1);
    simulator.setTask(ID, { status: 'process' });
    await using late = await view(gateway.url, 'WebSocket', ID);
    expect((await late.states.count(1))[0]?.status).toBe('SUCCESS');
    expect(simulator.countFor(ID)).toBe(1);
  });
});
