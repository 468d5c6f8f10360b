import { describe, expect, test } from 'vitest';
import type { FaultAction } from '../../src/simulator/fault.ts';
import type { Simulator } from '../../src/simulator/simulator.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { faultProxy } from '../support/fault-proxy.ts';
import { freePort } from '../support/free-port.ts';
import { startGateway, startPair, TOKEN } from '../support/gateway.ts';
import { type Viewer, type ViewerTransport, view } from '../support/viewer.ts';

const ID = 'watched';
/** Long enough for a busy machine, and short enough for a fault that only a deadline ends. */
const TIMEOUT_MS = '2000';

/** Faults of the answers to one task, named as the table of faults names them. */
const ROWS: readonly (readonly [row: string, fault: FaultAction, transport: ViewerTransport])[] = [
  ['reset', { kind: 'reset' }, 'WebSocket'],
  ['truncated body', { kind: 'truncated' }, 'SSE'],
  ['408', { kind: 'status', status: 408 }, 'WebSocket'],
  ['425', { kind: 'status', status: 425 }, 'SSE'],
  ['500', { kind: 'status', status: 500 }, 'WebSocket'],
  ['502 with HTML', { kind: 'html', status: 502 }, 'SSE'],
  ['503', { kind: 'status', status: 503 }, 'WebSocket'],
  ['504', { kind: 'status', status: 504 }, 'SSE'],
  ['409: one call per back-off, never at once', { kind: 'status', status: 409 }, 'WebSocket'],
  ['400 and other 4xx', { kind: 'status', status: 418 }, 'SSE'],
  ['slow headers', { kind: 'slow-headers', delayMs: 60_000 }, 'WebSocket'],
  ['no answer on an open connection', { kind: 'hang' }, 'SSE'],
  ['half an answer, then silence', { kind: 'stall' }, 'WebSocket'],
  ['a drip of bytes', { kind: 'drip', everyMs: 50 }, 'SSE'],
  ['an endless body', { kind: 'endless' }, 'WebSocket'],
  ['a huge body', { kind: 'huge' }, 'SSE'],
  ['a compression bomb', { kind: 'gzip-bomb' }, 'WebSocket'],
  ['200 with HTML', { kind: 'html' }, 'SSE'],
  ['bad JSON', { kind: 'bad-json' }, 'WebSocket'],
  ['a wrong shape', { kind: 'json' }, 'SSE'],
  ['`code` not 0', { kind: 'code' }, 'WebSocket'],
  ['404 for a task already seen', { kind: 'status', status: 404 }, 'SSE'],
  ['`data: []` for a task already seen', { kind: 'empty' }, 'WebSocket'],
  ['`data: null` for a task already seen', { kind: 'data-null' }, 'SSE'],
  ['the answer is for another `_id`', { kind: 'other-id' }, 'WebSocket'],
  ['429 with Retry-After in seconds', { kind: 'status', status: 429, retryAfter: 1 }, 'SSE'],
  [
    '429 with an HTTP-date in the past',
    { kind: 'status', status: 429, retryAfter: new Date(0).toUTCString() },
    'WebSocket',
  ],
  ['429 with a garbage Retry-After', { kind: 'status', status: 429, retryAfter: 'soon' }, 'SSE'],
  ['503 with Retry-After', { kind: 'status', status: 503, retryAfter: 1 }, 'WebSocket'],
];

/** The last good state stays, marked stale, on a subscription that lives on; and recovery shows. */
async function survives(viewer: Viewer, simulator: Simulator, fail: () => unknown, mend: () => unknown): Promise<void> {
  const before = await viewer.states.find(({ progress }) => progress === 10);
  expect(before.stale).toBe(false);
  await fail();
  const during = await viewer.states.find(({ stale }) => stale);
  expect(during).toMatchObject({ status: 'PROCESS', progress: 10 });
  expect(Date.parse(during.nextCheckAt ?? '')).toBeGreaterThan(Date.parse(during.checkedAt));
  await mend();
  simulator.setTask(ID, { status: 'process', process: 20 });
  const after = await viewer.states.find(({ progress }) => progress === 20);
  expect(after.stale).toBe(false);
  expect(Date.parse(after.checkedAt)).toBeGreaterThan(Date.parse(during.checkedAt));
  expect(viewer).toMatchObject({ end: null, errors: { all: [] } });
}

describe.concurrent('a missed poll: stale, alive, and well again', () => {
  test.each(ROWS)('%s', async (_row, fault, transport) => {
    await using pair = await startPair({ UPSTREAM_TIMEOUT_MS: TIMEOUT_MS });
    const { simulator, gateway } = pair;
    simulator.setTask(ID, { status: 'process', process: 10 });
    await using viewer = await view(gateway.url, transport, ID);
    const fail = () => simulator.fault({ ...fault, id: ID, times: 'always' });
    await survives(viewer, simulator, fail, () => simulator.clearFaults());
  });

  test('3xx, and the token is never sent to the other server', async () => {
    await using otherServer = await startSimulator({ tokens: '*' });
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    simulator.setTask(ID, { status: 'process', process: 10 });
    await using viewer = await view(gateway.url, 'SSE', ID);
    const location = `${otherServer.url}/api/v1/video/awsResult`;
    const fail = () => simulator.fault({ kind: 'redirect', status: 307, location, id: ID, times: 'always' });
    await survives(viewer, simulator, fail, () => simulator.clearFaults());
    expect(otherServer.totalCalls()).toBe(0);
  });

  test('refused: the server stops listening, and later listens again', async () => {
    const simulator = await startSimulator({ tokens: [TOKEN], port: await freePort() });
    await using gateway = await startGateway({ A2E_API_URL: simulator.url, A2E_API_TOKEN: TOKEN });
    simulator.setTask(ID, { status: 'process', process: 10 });
    await using viewer = await view(gateway.url, 'WebSocket', ID);
    await viewer.states.find(({ progress }) => progress === 10);
    await simulator[Symbol.asyncDispose]();
    await viewer.states.find(({ stale }) => stale);
    await using reborn = await startSimulator({ tokens: [TOKEN], port: simulator.port });
    reborn.setTask(ID, { status: 'process', process: 20 });
    await viewer.states.find(({ progress, stale }) => progress === 20 && !stale);
    expect(viewer).toMatchObject({ end: null, errors: { all: [] } });
  });

  test('the origin as a whole is down: every connection is cut, and the breaker closes again', async () => {
    await using pair = await startPair();
    const { simulator, gateway } = pair;
    const ids = Array.from({ length: 20 }, (_, n) => `task-${n}`);
    for (const id of ids) simulator.setTask(id, { status: 'process', process: 10 });
    await using stack = new AsyncDisposableStack();
    const viewers: Viewer[] = [];
    for (const id of ids) viewers.push(stack.use(await view(gateway.url, 'WebSocket', id)));
    for (const viewer of viewers) await viewer.states.count(1);
    simulator.setDown(true);
    for (const viewer of viewers) await viewer.states.find(({ stale }) => stale);
    simulator.resetCounts();
    await simulator.waitForCalls(null, 2);
    const [first, second] = simulator.calls();
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(800);
    simulator.setDown(false);
    for (const viewer of viewers) await viewer.states.count(3);
    expect(viewers.every(({ states, end }) => end === null && states.all.at(-1)?.stale === false)).toBe(true);
  });

  test.each([
    ['a black hole', { kind: 'black-hole' }],
    ['latency beyond the deadline', { kind: 'latency', ms: 5_000 }],
    ['a reset in the middle of an answer', { kind: 'reset', afterBytes: 50 }],
    ['a truncation in the headers', { kind: 'truncate', afterBytes: 20 }],
  ] as const)('the network: %s', async (_row, fault) => {
    await using simulator = await startSimulator({ tokens: [TOKEN] });
    await using proxy = await faultProxy(simulator);
    const upstream = { A2E_API_URL: `http://${proxy.host}:${proxy.port}`, A2E_API_TOKEN: TOKEN };
    await using gateway = await startGateway({ ...upstream, UPSTREAM_TIMEOUT_MS: TIMEOUT_MS });
    simulator.setTask(ID, { status: 'process', process: 10 });
    await using viewer = await view(gateway.url, 'SSE', ID);
    await survives(
      viewer,
      simulator,
      () => proxy.inject(fault),
      () => proxy.inject({ kind: 'none' }),
    );
  });
});
