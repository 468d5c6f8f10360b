import { expect, it, vi } from 'vitest';
import { TEXT_LIMITS } from '../../src/task/video-task.ts';
import { startPair } from '../support/gateway.ts';
import { openStream } from '../support/sse-client.ts';
import { connect, tcpOf } from '../support/ws-client.ts';

const SUBSCRIPTIONS = 100;
const CHANGES = 20;
/** Large enough that a few results fill every buffer between the gateway and a client that does not read. */
const WATCH =
  'subscription { taskStatus(id: "big") { status progress a: message b: message c: message d: message e: message } }';
const text = 'x'.repeat(TEXT_LIMITS.message);

it.concurrent('gives a slow reader the newest state instead of a queue, and always the last one', async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  simulator.setTask('big', { status: 'process', process: 0, msg: text });
  await using slow = await connect(gateway.url);
  await using quick = await connect(gateway.url);
  const ids = Array.from({ length: SUBSCRIPTIONS }, (_, index) => `s${index}`);
  for (const id of ids) slow.subscribe(id, WATCH);
  quick.subscribe('q', WATCH);
  await slow.messages.count(1 + SUBSCRIPTIONS);
  await quick.messages.count(2);
  tcpOf(slow.socket).pause();
  for (let change = 1; change <= CHANGES; change += 1) {
    simulator.setTask('big', { status: 'process', process: change, msg: text });
    await quick.messages.count(2 + change);
  }
  simulator.setTask('big', { status: 'success', msg: text });
  await quick.ended('q');
  tcpOf(slow.socket).resume();
  const seen = await Promise.all(ids.map((id) => slow.ended(id)));
  for (const messages of seen) {
    expect(messages.at(-1)?.type).toBe('complete');
    expect(messages.at(-2)?.payload).toMatchObject({ data: { taskStatus: { status: 'SUCCESS' } } });
    const steps = messages.map(({ payload }) => (payload as Result | undefined)?.data.taskStatus.progress ?? 101);
    expect(steps).toEqual(steps.toSorted((a, b) => a - b));
  }
  expect(seen.flat().length).toBeLessThan((SUBSCRIPTIONS * CHANGES) / 2);
  await vi.waitFor(() => expect(gateway.counts()).toMatchObject({ watches: 0, liveResults: 0 }), { timeout: 20_000 });
});

interface Result {
  readonly data: { readonly taskStatus: { readonly progress: number } };
}

it.concurrent('shows a late joiner every one of several tasks as it is now, over WebSocket and SSE', async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  const ids = ['a', 'b', 'c'];
  for (const id of ids) simulator.setTask(id, { status: 'init' });
  const query = 'subscription($ids: [ID!]!) { taskStatuses(ids: $ids) { id status checkedAt } }';
  await using early = await connect(gateway.url);
  early.subscribe('w', query, { ids });
  await early.messages.count(1 + ids.length);
  simulator.setTask('b', { status: 'copy' });
  await early.messages.count(2 + ids.length);
  const joinedAt = Date.now();
  await Promise.all(ids.map((id) => simulator.waitForCalls(id, simulator.countFor(id) + 2)));
  await using late = await connect(gateway.url);
  late.subscribe('w', query, { ids });
  await using stream = await openStream(gateway.url, { query, variables: { ids } });
  await late.messages.count(1 + ids.length);
  await stream.events.count(ids.length);
  expect(gateway.counts()).toMatchObject({ watches: 3, liveResults: 1 });
  const shown = [late.about('w').map(({ payload }) => payload), stream.events.all.map(({ data }) => data)] as Shown[][];
  for (const results of shown) {
    const tasks = results.map(({ data }) => data.taskStatuses).toSorted((a, b) => a.id.localeCompare(b.id));
    expect(tasks.map(({ id, status }) => `${id} ${status}`)).toEqual(['a INIT', 'b COPY', 'c INIT']);
    for (const { checkedAt } of tasks) expect(Date.parse(checkedAt)).toBeGreaterThanOrEqual(joinedAt);
  }
});

interface Shown {
  readonly data: {
    readonly taskStatuses: { readonly id: string; readonly status: string; readonly checkedAt: string };
  };
}

it.concurrent('ends each unknown task of several for itself, naming it', async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  simulator.setTask('real', { status: 'init' });
  const query = 'subscription { taskStatuses(ids: ["real", "unreal"]) { status } }';
  await using client = await connect(gateway.url);
  client.subscribe('w', query);
  const fault = await client.messages.find(({ payload }) => JSON.stringify(payload ?? null).includes('errors'));
  expect(fault).toMatchObject({
    type: 'next',
    payload: { data: { taskStatuses: null }, errors: [{ extensions: { code: 'TASK_NOT_FOUND', id: 'unreal' } }] },
  });
  await using late = await connect(gateway.url);
  late.subscribe('w', query);
  await late.messages.count(3);
  expect(JSON.stringify(late.about('w'))).toMatch(/unreal/);
  simulator.setTask('real', { status: 'success' });
  expect((await client.ended('w')).at(-1)?.type).toBe('complete');
});

const SEVERAL = 'subscription { taskStatuses(ids: ["late", "real"]) { id status } }';
/** The grace at a `POLL_INTERVAL_MS` of 100. */
const GRACE_MS = 2_000;

const isFault = ({ payload }: { readonly payload?: unknown }) => JSON.stringify(payload ?? null).includes('errors');

it.concurrent('shows a new task to a late subscriber, although earlier subscribers got TASK_NOT_FOUND', async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  simulator.setTask('real', { status: 'process' });
  await using early = await connect(gateway.url);
  early.subscribe('w', SEVERAL);
  await early.messages.find(isFault);
  simulator.setTask('late', { status: 'init' });
  await using late = await connect(gateway.url);
  late.subscribe('w', SEVERAL);
  await late.messages.count(3);
  const shown = late.about('w').map(({ payload }) => (payload as Shown).data?.taskStatuses.id);
  expect(shown.toSorted()).toEqual(['late', 'real']);
  for (const id of ['late', 'real']) simulator.setTask(id, { status: 'success' });
  expect((await late.ended('w')).map(({ type }) => type)).toEqual(['next', 'next', 'next', 'next', 'complete']);
  expect((await early.ended('w')).at(-1)?.type).toBe('complete');
  await vi.waitFor(() => expect(gateway.counts()).toMatchObject({ watches: 0, liveResults: 0 }), { timeout: 20_000 });
});

it.concurrent('gives a late subscriber the whole grace for every missing task', async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  simulator.setTask('real', { status: 'process' });
  await using early = await connect(gateway.url);
  early.subscribe('w', SEVERAL);
  await simulator.waitForCalls('late', 5);
  await using late = await connect(gateway.url);
  const askedAt = performance.now();
  late.subscribe('w', SEVERAL);
  await late.messages.find(isFault);
  expect(performance.now() - askedAt).toBeGreaterThan(GRACE_MS - 10);
});

it.concurrent('goes on sharing when some of several tasks have finished', async () => {
  await using pair = await startPair();
  const { gateway, simulator } = pair;
  simulator.setTask('late', { status: 'success' });
  simulator.setTask('real', { status: 'process' });
  await using early = await connect(gateway.url);
  early.subscribe('w', SEVERAL);
  await early.messages.count(3);
  await simulator.waitForCalls('real', 5);
  await using late = await connect(gateway.url);
  late.subscribe('w', SEVERAL);
  await late.messages.count(3);
  expect(gateway.counts().liveResults).toBe(1);
  expect(JSON.stringify(late.about('w'))).toMatch(/SUCCESS.*PROCESS|PROCESS.*SUCCESS/);
});
