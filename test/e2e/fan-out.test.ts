import { expect, it } from 'vitest';
import type { Gateway } from '../../src/gateway.ts';
import type { Phase } from '../../src/simulator/timeline.ts';
import { startPair } from '../support/gateway.ts';
import { post } from '../support/http-client.ts';
import { openStream } from '../support/sse-client.ts';
import { untilIdle } from '../support/until-idle.ts';
import { connect } from '../support/ws-client.ts';

const SOCKETS = 1_000;
const STREAMS = 200;
const BATCH = 50;
const INTERVAL_MS = 300;
const INTERVALS = 10;
const TEMPO = { POLL_INTERVAL_MS: `${INTERVAL_MS}`, POLL_MAX_INTERVAL_MS: `${INTERVAL_MS}` };
const WATCH = 'subscription($id: ID!) { taskStatus(id: $id) { status progress } }';
const LOOK = 'query($id: ID!) { videoTask(id: $id) { status } }';

/** Something else on every call: ten steps of progress, then success. */
const STEPS: readonly Phase[] = [
  ...Array.from({ length: INTERVALS }, (_, step) => ({ status: 'process', progress: step, forCalls: 1 })),
  { status: 'success' },
];

interface Viewer extends AsyncDisposable {
  readonly first: Promise<unknown>;
  /** The results it saw, once its subscription has ended, and how that ended. */
  readonly seen: Promise<readonly string[]>;
}

async function socketViewer({ url }: Gateway, id: string): Promise<Viewer> {
  const client = await connect(url);
  client.subscribe('w', WATCH, { id });
  const seen = client
    .ended('w')
    .then((all) => all.map(({ type, payload }) => `${type} ${JSON.stringify(payload ?? null)}`));
  const first = client.messages.find(({ type }) => type === 'next');
  return { first, seen, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

async function streamViewer({ url }: Gateway, id: string): Promise<Viewer> {
  const stream = await openStream(url, { query: WATCH, variables: { id } });
  const seen = stream.ended.then((all) => all.map(({ event, data }) => `${event} ${JSON.stringify(data)}`));
  return { first: stream.events.count(1), seen, [Symbol.asyncDispose]: () => stream[Symbol.asyncDispose]() };
}

/** All viewers of one task, each with its first result. */
async function openAll(gateway: Gateway, id: string, stack: AsyncDisposableStack): Promise<readonly Viewer[]> {
  const first = stack.use(await socketViewer(gateway, id));
  // Before the first state a live result accepts further subscribers for a short time only.
  await first.first;
  const viewers = [first];
  const others: (typeof socketViewer)[] = [
    ...Array(SOCKETS - 1).fill(socketViewer),
    ...Array(STREAMS).fill(streamViewer),
  ];
  for (let opened = 0; opened < others.length; opened += BATCH) {
    const batch = await Promise.all(others.slice(opened, opened + BATCH).map((open) => open(gateway, id)));
    for (const viewer of batch) viewers.push(stack.use(viewer));
  }
  await Promise.all(viewers.map(({ first }) => first));
  return viewers;
}

it('shows 1,000 sockets and 200 streams every state for one call per interval', { timeout: 120_000 }, async () => {
  await using pair = await startPair(TEMPO);
  await using stack = new AsyncDisposableStack();
  const { gateway, simulator } = pair;
  simulator.setTask('popular', { status: 'init' });
  const viewers = await openAll(gateway, 'popular', stack);
  expect(gateway.counts()).toMatchObject({ watches: 1, liveResults: 1, connections: SOCKETS + STREAMS });
  simulator.addTask('popular', { timeline: STEPS });
  simulator.resetCounts();
  const seen = await Promise.all(viewers.map((viewer) => viewer.seen));

  const result = (status: string, progress: number | null) =>
    `next ${JSON.stringify({ data: { taskStatus: { status, progress } } })}`;
  const steps = Array.from({ length: INTERVALS }, (_, step) => result('PROCESS', step));
  const expected = [result('INIT', null), ...steps, result('SUCCESS', 100), 'complete null'];
  expect(new Set(seen.map((one) => one.join('\n')))).toEqual(new Set([expected.join('\n')]));

  const calls = simulator.callsFor('popular');
  expect(calls).toHaveLength(INTERVALS + 1);
  for (const [index, at] of calls.slice(1).entries())
    expect(at - (calls[index] as number)).toBeGreaterThanOrEqual(INTERVAL_MS * 0.95);
  expect(simulator.maxConcurrency('popular')).toBe(1);

  await stack.disposeAsync();
  await untilIdle(gateway);
  await untilNotCalled(pair, 'popular');
});

it('stops polling an unfinished task when the last of 1,200 viewers has gone', { timeout: 120_000 }, async () => {
  await using pair = await startPair(TEMPO);
  await using stack = new AsyncDisposableStack();
  pair.simulator.setTask('endless', { status: 'process', process: 1 });
  await openAll(pair.gateway, 'endless', stack);
  await stack.disposeAsync();
  await untilIdle(pair.gateway);
  await untilNotCalled(pair, 'endless');
});

it('shows a finished task to a late subscriber without a call', async () => {
  await using pair = await startPair(TEMPO);
  const { gateway, simulator } = pair;
  simulator.setTask('done', { status: 'success' });
  await using early = await socketViewer(gateway, 'done');
  await early.seen;
  expect(simulator.countFor('done')).toBe(1);
  await using socket = await socketViewer(gateway, 'done');
  await using stream = await streamViewer(gateway, 'done');
  const once = ['next {"data":{"taskStatus":{"status":"SUCCESS","progress":100}}}', 'complete null'];
  expect(await socket.seen).toEqual(once);
  expect(await stream.seen).toEqual(once);
  const query = await post(gateway.url, LOOK, { variables: { id: 'done' } });
  expect(query.json()).toEqual({ data: { videoTask: { status: 'SUCCESS' } } });
  expect(simulator.countFor('done')).toBe(1);
});

/** A call may be under way; but then none is made any more, for as long as another task is polled twice. */
async function untilNotCalled({ gateway, simulator }: Awaited<ReturnType<typeof startPair>>, id: string) {
  simulator.setTask('clock', { status: 'init' });
  await using _clock = await socketViewer(gateway, 'clock');
  const called = async (): Promise<number> => {
    const before = simulator.countFor(id);
    await simulator.waitForCalls('clock', simulator.countFor('clock') + 3);
    return simulator.countFor(id) - before;
  };
  const underWay = await called();
  expect(underWay).toBeLessThanOrEqual(1);
  expect(await called()).toBe(0);
}
