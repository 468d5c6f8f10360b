import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { askQuery } from './ask-query.ts';
import { CallTotal, excessCalls, lateCalls, type WatchedSpan } from './call-rule.ts';
import { ClientHistory, type ShownState } from './client-history.ts';
import type { Events, Result } from './connection.ts';
import { FaultWindows } from './fault-windows.ts';
import { unexpectedLine } from './log-watch.ts';
import { growthOf, outcomeOf, verdictsOf, WARM_UP_MS } from './report.ts';
import { SoakClient } from './soak-client.ts';
import { leavesAfterMs } from './task-timeline.ts';

const INTERVAL = 1_000;
const STATE: ShownState = { status: 'PROCESS', progress: 10, stale: false, finished: false };

function everyMs(ms: number, from: number, to: number): number[] {
  return Array.from({ length: Math.floor((to - from) / ms) }, (_, index) => from + index * ms);
}

function withWindow(fault: Parameters<FaultWindows['open']>[0], from: number, to: number): FaultWindows {
  const windows = new FaultWindows();
  windows.open(fault, from).to = to;
  return windows;
}

/** A client on a connection that the test plays, in a fault that excuses `UPSTREAM_UNAVAILABLE`. */
function playedClient() {
  const violations: string[] = [];
  const opened: Events[] = [];
  const client = new SoakClient(
    { kind: 'client', at: 0, name: 'a', task: 't', transport: 'SSE', behaviour: 'stays', afterMs: 0 },
    {
      pick: () => 'http://gateway',
      open(_transport, _url, _id, events) {
        opened.push(events);
        return { pause() {}, resume() {}, leave() {}, crash: events.closed };
      },
      allowsCode: (code) => code === 'UPSTREAM_UNAVAILABLE',
      lag: () => ({ behindMs: 0, allowedMs: 0 }),
      violate: (text) => violations.push(text),
      onUpdate: () => {},
      now: () => 0,
    },
  );
  const run = client.run();
  return {
    violations,
    /** Plays what arrives on the connection, and then the end of the subscription. */
    async play(...results: readonly Result[]) {
      for (const result of results) opened.at(-1)?.result(result);
      opened.at(-1)?.completed();
      const { endedWith } = client;
      client.stop();
      await run;
      return endedWith;
    },
  };
}

const AWAY: Result = { data: null, errors: [{ message: 'away', extensions: { code: 'UPSTREAM_UNAVAILABLE' } }] };

test('a fault excuses the end of a subscription that had no state, and of no other', async () => {
  const [waiting, live] = [playedClient(), playedClient()];
  expect(await waiting.play(AWAY)).toBeNull();
  expect(waiting.violations).toEqual([]);
  expect(await live.play({ data: { taskStatus: STATE } }, AWAY)).toBe('UPSTREAM_UNAVAILABLE');
  expect(live.violations).toEqual([expect.stringContaining('the error UPSTREAM_UNAVAILABLE: away')]);
});

test('a subscription ends with the final state or with an error', async () => {
  const [finished, live, silent] = [playedClient(), playedClient(), playedClient()];
  const last = { ...STATE, status: 'SUCCESS', finished: true };
  expect(await finished.play({ data: { taskStatus: STATE } }, { data: { taskStatus: last } })).toBe('final state');
  expect(finished.violations).toEqual([]);
  expect(await live.play({ data: { taskStatus: STATE } })).toBe('no final state');
  expect(live.violations).toEqual([expect.stringContaining('the end of the subscription')]);
  await silent.play();
  expect(silent.violations).toHaveLength(1);
});

test('one call per interval is right, and two are too many', () => {
  const none = new FaultWindows();
  expect(excessCalls([], none, INTERVAL)).toEqual([]);
  expect(excessCalls(everyMs(INTERVAL, 0, 30_000), none, INTERVAL)).toEqual([]);
  expect(excessCalls(everyMs(INTERVAL / 2, 0, 30_000), none, INTERVAL)).toHaveLength(1);
});

test('two calls per interval are too many in the sum of stretches that are too short to tell', () => {
  const windows = new FaultWindows();
  for (let at = 3_000; at < 60_000; at += 6_000) windows.open('Redis hangs', at).to = at + 3_000;
  const totalOf = (everyCallMs: number) => {
    const total = new CallTotal();
    const calls = everyMs(everyCallMs, 0, 60_000);
    expect(excessCalls(calls, windows, INTERVAL)).toEqual([]);
    total.add(calls, windows);
    total.add([], windows);
    return total.excess(INTERVAL);
  };
  expect(totalOf(INTERVAL)).toBeNull();
  expect(totalOf(INTERVAL / 2)).toContain('60 calls in 10 stretches without a fault, where 42 are allowed');
});

test('without Redis each gateway may poll, but not before and not after', () => {
  const windows = withWindow('Redis is killed', 10_000, 20_000);
  const [before, during, after] = [
    everyMs(INTERVAL, 0, 10_000),
    everyMs(350, 10_000, 20_000),
    everyMs(INTERVAL, 20_000, 30_000),
  ];
  expect(excessCalls([...before, ...during, ...after], windows, INTERVAL)).toEqual([]);
  expect(excessCalls([...before, ...during, ...everyMs(350, 20_000, 30_000)], windows, INTERVAL)).toHaveLength(1);
  expect(excessCalls([...everyMs(350, 0, 10_000), ...during, ...after], windows, INTERVAL)).toHaveLength(1);
  expect(excessCalls([...before, ...everyMs(150, 10_000, 20_000), ...after], windows, INTERVAL)).toHaveLength(1);
});

test.each(["Redis's clock steps", 'a clock steps'] as const)('%s: it costs two calls, and no pause', (fault) => {
  const windows = withWindow(fault, 10_000, 18_000);
  // 9 intervals of the least length, 3 calls of slack, and one for each of the two steps.
  const during = everyMs(8_000 / 14, 10_000, 18_000);
  const rest = [...everyMs(INTERVAL, 0, 10_000), ...everyMs(INTERVAL, 18_000, 30_000)];
  expect(during).toHaveLength(14);
  expect(excessCalls([...rest, ...during], windows, INTERVAL)).toEqual([]);
  expect(excessCalls([...rest, ...during, 17_999], windows, INTERVAL)).toHaveLength(1);
  expect(excessCalls(everyMs(INTERVAL / 2, 0, 30_000), windows, INTERVAL)).toHaveLength(3);
  const total = new CallTotal();
  total.add([...everyMs(INTERVAL, 0, 10_000), ...during], windows);
  expect(total.excess(INTERVAL)).toBeNull();
  const paused = [...everyMs(INTERVAL, 0, 12_000), ...everyMs(INTERVAL, 15_000, 30_000)];
  const watched = [{ from: 0, to: 30_000 }];
  expect(lateCalls(paused, watched, windows, INTERVAL)).toEqual([expect.stringContaining('no call for 4000 ms')]);
  windows.open('the machine stalls', 12_000).to = 13_000;
  expect(lateCalls(paused, watched, windows, INTERVAL)).toEqual([]);
});

test('a watched task is polled on, outside of faults', () => {
  const calls = [...everyMs(INTERVAL, 0, 10_000), ...everyMs(INTERVAL, 13_000, 20_000)];
  const late = (spans: readonly WatchedSpan[], windows = new FaultWindows()) =>
    lateCalls(calls, spans, windows, INTERVAL);
  const watched = [
    { from: 11_000, to: 30_000 },
    { from: 0, to: 11_500 },
  ];
  expect(late(watched)).toEqual([expect.stringContaining('no call for 4000 ms')]);
  expect(late([])).toEqual([]);
  expect(late([watched[0] ?? { from: 0, to: 0 }])).toEqual([]);
  expect(late(watched, withWindow('A2E down', 7_000, 9_500))).toEqual([]);
  expect(lateCalls(everyMs(2_000, 0, 30_000), watched, new FaultWindows(), INTERVAL)).toEqual([]);
});

test('a query has an answer in time', async () => {
  const server = createServer(() => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await askQuery(url, ['a'], 50)).toEqual({ kind: 'slow', ms: 50 });
  server.closeAllConnections();
  server.close();
});

test('a machine that stalls in a fault makes no rule stricter', () => {
  const windows = withWindow('the machine stalls', 5_000, 15_000);
  windows.open('A2E down', 8_000).to = 12_000;
  expect(windows.segments(0, 20_000).map(({ from, to, callsPerInterval }) => [from, to, callsPerInterval])).toEqual([
    [0, 5_000, 1],
    [5_000, 8_000, 3],
    [8_000, 12_000, 3],
    [12_000, 15_000, 3],
    [15_000, 20_000, 1],
  ]);
});

test('a client is shown no state twice in a row and no step back, over reconnects as well', () => {
  const history = new ClientHistory();
  history.connected();
  expect(history.add(STATE)).toBeNull();
  expect(history.add(STATE)).toContain('twice');
  history.connected();
  expect(history.add(STATE)).toBeNull();
  expect(history.add({ ...STATE, stale: true })).toBeNull();
  expect(history.add({ ...STATE, progress: 9 })).toContain('a step back');
  history.connected();
  expect(history.add({ ...STATE, status: 'INIT', progress: null })).toContain('a step back');
  expect(history.add({ ...STATE, status: 'SUCCESS', finished: true })).toBeNull();
  expect(history.add({ ...STATE, status: 'SUCCESS', finished: false })).toContain('a step back');
});

test('another gateway may be behind as far as the fault allows, in its first state, until the task has finished', () => {
  const history = new ClientHistory();
  const shows = (progress: number, behindMs: number, allowedMs = 3_000) =>
    history.add({ ...STATE, progress }, { behindMs, allowedMs });
  expect(shows(23, 0)).toBeNull();
  history.connected();
  expect(shows(20, 3_000)).toBeNull();
  expect(shows(19, 1_000)).toContain('a step back');
  history.connected();
  expect(shows(10, 3_100)).toContain('3100 ms behind where 3000 ms are allowed');
  history.connected();
  expect(shows(9, -100, 0)).toContain('a step back');
  expect(history.add({ ...STATE, status: 'SUCCESS', finished: true })).toBeNull();
  history.connected();
  expect(shows(99, 0)).toContain('a step back');
});

test('a gateway may be behind by an interval and the time without Redis, by an interval on a busy machine, else not', () => {
  const lag = (fault: Parameters<FaultWindows['open']>[0], from: number, to: number) =>
    withWindow(fault, 10_000, 14_000).allowedLagMs(from, to, INTERVAL);
  const lateMs = 1_000;
  expect(lag('Redis hangs', 10_500, 12_000)).toBe(INTERVAL + 2_000 + lateMs);
  expect(lag('Redis is killed', 13_000, 30_000)).toBe(INTERVAL + 4_000 + lateMs);
  expect(lag('Redis hangs', 14_500, 15_000)).toBe(0);
  expect(lag('the machine stalls', 10_500, 13_900)).toBe(INTERVAL + lateMs);
  expect(lag('A2E hangs', 11_000, 11_500)).toBe(0);
});

test('a task is in a state until the next stage, or the next percent, begins', () => {
  const leaves = (status: string, progress: number | null) =>
    leavesAfterMs({ status, progress, stale: false, finished: false }, 10_000);
  expect(leaves('INIT', 0)).toBe(1_000);
  expect(leaves('PENDING', null)).toBeCloseTo(3_000);
  expect(leaves('PROCESS', 0)).toBeCloseTo(3_000 + 6_000 / 99);
  expect(leaves('PROCESS', 99)).toBeCloseTo(9_000);
  expect(leaves('COPY', null)).toBeCloseTo(10_000);
  expect(leaves('SUCCESS', 100)).toBe(Number.POSITIVE_INFINITY);
});

test('a line of level warn needs a fault that explains it', () => {
  const windows = withWindow('A2E down', 10_000, 12_000);
  const line = JSON.stringify({ level: 40, msg: 'A2E fails' });
  expect(unexpectedLine(line, windows, 9_000)).toBe(line);
  expect(unexpectedLine(line, windows, 11_000)).toBeNull();
  expect(unexpectedLine(line, windows, 200_000)).toBe(line);
  expect(unexpectedLine(JSON.stringify({ level: 50, msg: 'unexpected error' }), windows, 11_000)).not.toBeNull();
  expect(unexpectedLine(JSON.stringify({ level: 30, msg: 'redis connected' }), windows, 0)).toBeNull();
  expect(unexpectedLine('Debugger attached.', windows, 0)).toBeNull();
  expect(unexpectedLine('a stack trace', windows, 11_000)).toContain('no JSON');
});

test('an error needs a fault that was there while the operation ran', () => {
  const windows = withWindow('A2E limits the rate', 10_000, 12_000);
  expect(windows.allowsCode('UPSTREAM_RATE_LIMITED', 8_000, 10_500)).toBe(true);
  expect(windows.allowsCode('UPSTREAM_RATE_LIMITED', 12_500, 13_000)).toBe(false);
  expect(windows.allowsCode('TASK_NOT_FOUND', 10_500, 11_000)).toBe(false);
});

test('the heap of a gateway is compared from its warm-up to the end', () => {
  const sample = { gateway: 'a', handles: 20, heapBytes: 100 };
  const cold = { ...sample, ageMs: 1_000, heapBytes: 10 };
  const warm = { ...sample, ageMs: WARM_UP_MS };
  const rests = (end: object) => verdictsOf([[cold], [warm], [{ ...warm, ageMs: 2 * WARM_UP_MS, ...end }]]);
  expect(rests({ heapBytes: 104 }).flatMap(growthOf)).toEqual([]);
  expect(rests({ heapBytes: 106 }).flatMap(growthOf)).toEqual([expect.stringContaining('the heap of a')]);
  expect(rests({ handles: 22 }).flatMap(growthOf)).toEqual([]);
  expect(rests({ handles: 23 }).flatMap(growthOf)).toEqual([expect.stringContaining('the handles of a')]);
  expect(verdictsOf([[cold], [warm]])).toEqual([{ gateway: 'a', warm: null, end: warm }]);
});

test('the time that a busy machine excuses is that of its windows together, and too much of it proves nothing', () => {
  const windows = withWindow('the machine stalls', 10_000, 14_000);
  windows.open('the machine stalls', 12_000).to = 15_000;
  windows.open('A2E down', 30_000).to = 40_000;
  windows.open('the machine stalls', 50_000);
  expect(windows.coveredMs('the machine stalls', 60_000)).toBe(15_000);
  const counts = { calls: 0, updates: 0, clients: 0, queries: 0, faults: 0, tasks: 0 };
  const outcome = (excusedMs: number, violations: readonly { atSeconds: number; text: string }[] = []) =>
    outcomeOf({ seed: 1, seconds: 60, counts: { ...counts, excusedMs }, gateways: [], violations });
  expect(outcome(6_000)).toBe('kept');
  expect(outcome(7_000)).toBe('inconclusive');
  expect(outcome(15_000, [{ atSeconds: 1, text: 'a step back' }])).toBe('broken');
});
