import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveSource, StartResult } from '../../src/live/live-result.ts';
import { LiveResultRegistry } from '../../src/live/live-result-registry.ts';
import { StreamWriter } from '../../src/live/stream-writer.ts';
import { type Completion, Subscriber } from '../../src/live/subscriber.ts';
import { ConflatingQueue } from '../../src/task/conflating-queue.ts';
import { CallbackQueue } from '../support/callback-queue.ts';

interface Event {
  readonly slot: string;
  readonly value: number;
  readonly fault?: true;
}

/** A member on a stream that never fills up. */
function createMember() {
  const frames = new CallbackQueue<string>();
  const ended = Promise.withResolvers<Completion>();
  const stream = {
    writableNeedDrain: false,
    writableLength: 0,
    write: () => true,
    cork: () => {},
    uncork: () => {},
    once: () => {},
    off: () => {},
  };
  const writer = new StreamWriter(stream, { onStall: () => {} });
  const subscriber = new Subscriber({ next: ({ json }) => frames.put(json), end: ended.resolve }, writer);
  return { subscriber, frames, ended: ended.promise };
}

/** How long a live result takes joiners in any case. */
const YOUNG_MS = 100;

function createLive(expectedKeys = 1) {
  const onEnd = vi.fn();
  const events = new ConflatingQueue<Event>(onEnd);
  const now = new Map<string, number>();
  const source: LiveSource = {
    events,
    expectedKeys,
    isTransientError: (event) => (event as Event).fault === true,
    keyOf: (event) => (event as Event).slot,
    refresh: (event) => {
      const { slot, value } = event as Event;
      const known = now.get(slot) ?? value;
      return known === value ? event : { slot, value: known };
    },
    render: (event) => ({ data: { [(event as Event).slot]: (event as Event).value } }),
  };
  let starts = 0;
  const start = async (): Promise<StartResult> => {
    starts += 1;
    return source;
  };
  const results = new LiveResultRegistry((error) => ({ message: String(error) }));
  return { events, onEnd, now, source, results, start, starts: () => starts };
}

it('executes once for all that ask the same', async () => {
  const { events, results, start, starts } = createLive();
  const [a, b] = [createMember(), createMember()];
  results.subscribe('key', start, a.subscriber);
  results.subscribe('key', start, b.subscriber);
  events.push('x', { slot: 'x', value: 1 });
  expect(await a.frames.count(1)).toEqual(['{"data":{"x":1}}']);
  expect(await b.frames.count(1)).toEqual(['{"data":{"x":1}}']);
  expect([starts(), results.size]).toEqual([1, 1]);
  events.finish();
  expect([await a.ended, await b.ended]).toEqual([null, null]);
  expect(results.size).toBe(0);
});

it('shows a late joiner the newest of every slot, as it is by then', async () => {
  const { events, now, results, start } = createLive(2);
  const [early, late] = [createMember(), createMember()];
  results.subscribe('key', start, early.subscriber);
  events.push('x', { slot: 'x', value: 1 });
  events.push('y', { slot: 'y', value: 2 });
  await early.frames.count(2);
  now.set('x', 10);
  results.subscribe('key', start, late.subscriber);
  expect(late.frames.all).toEqual(['{"data":{"x":10}}', '{"data":{"y":2}}']);
  expect(early.frames.all).toHaveLength(2);
});

it('shows a late joiner the last result where its state by then takes time to render', async () => {
  const { events, now, source, results } = createLive();
  const render: LiveSource['render'] = async (event) => source.render(event);
  const [early, late] = [createMember(), createMember()];
  results.subscribe('key', async () => ({ ...source, render }), early.subscriber);
  events.push('x', { slot: 'x', value: 1 });
  await early.frames.count(1);
  now.set('x', 10);
  results.subscribe('key', () => expect.unreachable(), late.subscriber);
  expect(late.frames.all).toEqual(['{"data":{"x":1}}']);
  events.push('x', { slot: 'x', value: 10 });
  expect(await late.frames.count(2)).toEqual(['{"data":{"x":1}}', '{"data":{"x":10}}']);
});

it('stops the execution when the last member has left, and starts a new one for the next', async () => {
  const { events, results, start, starts } = createLive();
  const [a, b] = [createMember(), createMember()];
  const leaveA = results.subscribe('key', start, a.subscriber);
  const leaveB = results.subscribe('key', start, b.subscriber);
  events.push('x', { slot: 'x', value: 1 });
  await b.frames.count(1);
  leaveA();
  leaveA();
  expect(results.size).toBe(1);
  leaveB();
  expect(results.size).toBe(0);
  expect(await events.next()).toEqual({ done: true, value: undefined });
  results.subscribe('key', start, createMember().subscriber);
  expect(starts()).toBe(2);
});

it('returns a source that comes only after the last subscriber has left', async () => {
  const { events, results } = createLive();
  const started = Promise.withResolvers<StartResult>();
  const leave = results.subscribe('key', () => started.promise, createMember().subscriber);
  leave();
  started.resolve({
    events,
    expectedKeys: 1,
    isTransientError: () => false,
    keyOf: String,
    refresh: (event) => event,
    render: () => ({ data: {} }),
  });
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

it.each([
  ['the start', () => Promise.reject(new Error('no start'))],
  ['the answer to the start', () => Promise.resolve({ errors: [new Error('no start')] } as unknown as StartResult)],
])('ends all members with the errors of %s', async (_name, start) => {
  const results = new LiveResultRegistry((error) => ({ message: (error as Error).message }));
  const [a, b] = [createMember(), createMember()];
  for (const { subscriber } of [a, b]) results.subscribe('key', start, subscriber);
  expect(await Promise.all([a.ended, b.ended])).toEqual([[{ message: 'no start' }], [{ message: 'no start' }]]);
  expect(results.size).toBe(0);
});

it('ends all subscribers with the error of the source, after its last result', async () => {
  const { events, results, start } = createLive();
  const member = createMember();
  results.subscribe('key', start, member.subscriber);
  events.push('x', { slot: 'x', value: 1 });
  events.fail(new Error('over'));
  expect(await member.ended).toEqual([{ message: 'Error: over' }]);
  expect(member.frames.all).toEqual(['{"data":{"x":1}}']);
});

describe('a source that goes on when its results cannot be computed', () => {
  const broken = (): never => {
    throw new Error('broken');
  };

  it('is returned, and all members end with the error', async () => {
    const { events, onEnd, source, results } = createLive();
    const member = createMember();
    results.subscribe('key', async () => ({ ...source, render: broken }), member.subscriber);
    events.push('x', { slot: 'x', value: 1 });
    expect(await member.ended).toEqual([{ message: 'Error: broken' }]);
    expect(onEnd).toHaveBeenCalledOnce();
    expect(results.size).toBe(0);
  });

  it('is returned when a member cannot take them', async () => {
    const { events, onEnd, results, start } = createLive();
    const member = createMember();
    member.subscriber.next = broken;
    results.subscribe('key', start, member.subscriber);
    events.push('x', { slot: 'x', value: 1 });
    expect(await member.ended).toEqual([{ message: 'Error: broken' }]);
    expect(onEnd).toHaveBeenCalledOnce();
  });

  it('ends only a new subscriber for which the last result fails, and counts it no more', async () => {
    const { events, onEnd, source, results } = createLive();
    const [early, late] = [createMember(), createMember()];
    let refresh = source.refresh;
    const leave = results.subscribe(
      'key',
      async () => ({ ...source, refresh: (event) => refresh(event) }),
      early.subscriber,
    );
    events.push('x', { slot: 'x', value: 1 });
    await early.frames.count(1);
    refresh = broken;
    results.subscribe('key', () => expect.unreachable(), late.subscriber);
    expect(await late.ended).toEqual([{ message: 'Error: broken' }]);
    events.push('x', { slot: 'x', value: 2 });
    expect(await early.frames.count(2)).toEqual(['{"data":{"x":1}}', '{"data":{"x":2}}']);
    leave();
    expect(onEnd).toHaveBeenCalledOnce();
  });
});

describe('a late subscriber', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  /** One member of several slots who has seen `shown`, and another who comes when that is no longer young. */
  async function late(shown: readonly Event[]) {
    const { events, results, start, starts } = createLive(2);
    const [early, late] = [createMember(), createMember()];
    results.subscribe('key', start, early.subscriber);
    for (const event of shown) events.push(event.slot, event);
    await early.frames.count(shown.length);
    vi.advanceTimersByTime(YOUNG_MS);
    results.subscribe('key', start, late.subscriber);
    return { early, late, starts: starts(), results };
  }

  it('shares an execution that has shown a state of everything', async () => {
    const {
      late: joiner,
      starts,
      results,
    } = await late([
      { slot: 'x', value: 1 },
      { slot: 'y', value: 2 },
    ]);
    expect(joiner.frames.all).toEqual(['{"data":{"x":1}}', '{"data":{"y":2}}']);
    expect([starts, results.size]).toEqual([1, 1]);
  });

  it.each([
    ['shown nothing', []],
    ['not shown everything', [{ slot: 'x', value: 1 }]],
    [
      'shown a fault',
      [
        { slot: 'x', value: 1 },
        { slot: 'y', value: 0, fault: true },
      ],
    ],
  ] as const)('has an execution of its own when one has %s', async (_what, shown) => {
    const { late: joiner, starts, results } = await late(shown);
    expect(joiner.frames.all).toEqual([]);
    expect([starts, results.size]).toEqual([2, 2]);
  });

  it('leaves the key to the newer of two executions when the older one ends', async () => {
    const { events, results, start } = createLive();
    const newer = createLive();
    const [a, b, c] = [createMember(), createMember(), createMember()];
    results.subscribe('key', start, a.subscriber);
    vi.advanceTimersByTime(YOUNG_MS);
    results.subscribe('key', newer.start, b.subscriber);
    newer.events.push('x', { slot: 'x', value: 1 });
    await b.frames.count(1);
    events.finish();
    await a.ended;
    results.subscribe('key', () => expect.unreachable(), c.subscriber);
    expect(c.frames.all).toEqual(['{"data":{"x":1}}']);
    expect(results.size).toBe(1);
  });
});
