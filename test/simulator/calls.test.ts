import { expect, test } from 'vitest';
import { remoteControl } from '../../src/simulator/remote-control.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { call } from './ask.ts';

test('calls are counted per task and per token, with their times', async () => {
  await using simulator = await startSimulator({ tokens: ['a', 'b'], now: () => 0 });
  const before = performance.timeOrigin + performance.now();
  for (const token of ['a', 'b', 'a', 'refused']) await call(simulator.url, 't1', { token });
  await call(simulator.url, 't2', { token: 'a' });
  expect(simulator.totalCalls()).toBe(5);
  const calls = simulator.calls();
  expect(calls.map(({ id }) => id)).toEqual(['t1', 't1', 't1', 't1', 't2']);
  const [a = '', b = '', again, refused = '', last] = calls.map(({ tokenHash }) => tokenHash);
  expect([again, last]).toEqual([a, a]);
  expect(simulator.callsPerToken()).toEqual({ [a]: 3, [b]: 1, [refused]: 1 });
  const times = simulator.callsFor('t1');
  expect(times).toHaveLength(4);
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  expect(times[0]).toBeGreaterThanOrEqual(before);
  expect(simulator.callsFor('t1', 'a')).toEqual([times[0], times[2]]);
  expect([simulator.countFor('t1', 'b'), simulator.countFor('t3'), simulator.countFor('t1', 'c')]).toEqual([1, 0, 0]);
  simulator.resetCounts();
  expect([simulator.totalCalls(), simulator.callsFor('t1'), simulator.callsPerToken()]).toEqual([0, [], {}]);
});

test('calls name no token, in this process and over HTTP, and no token is told apart from none', async () => {
  await using simulator = await startSimulator({ tokens: '*' });
  const token = 'a-token-of-a-caller';
  await call(simulator.url, 't1', { token });
  await fetch(new URL('/api/v1/video/awsResult', simulator.url), { method: 'POST', body: '{"_id":"t1"}' });
  const remote = remoteControl(simulator.url);
  const shown = [simulator.calls(), simulator.callsPerToken(), await remote.calls(), await remote.callsPerToken()];
  expect(JSON.stringify(shown)).not.toContain(token);
  const [first, second] = simulator.calls();
  expect(first?.tokenHash).toMatch(/^[0-9a-f]{16}$/);
  expect(second?.tokenHash).toBe('');
  expect([simulator.countFor('t1', token), simulator.countFor('t1', '')]).toEqual([1, 1]);
});

test('counts stay exact beyond the calls that are kept', async () => {
  await using simulator = await startSimulator({ maxCalls: 2 });
  for (let i = 0; i < 5; i++) await call(simulator.url, 't1');
  expect([simulator.countFor('t1'), simulator.totalCalls()]).toEqual([5, 5]);
  expect([simulator.callsFor('t1').length, simulator.calls().length]).toEqual([2, 2]);
});

test('the most calls under way at once are seen, per task and in all', async () => {
  await using simulator = await startSimulator();
  simulator.fault({ kind: 'hang', times: 3 });
  const impatience = new AbortController();
  const hanging = ['t1', 't1', 't2'].map((id) => call(simulator.url, id, { signal: impatience.signal }));
  await simulator.waitForCalls(null, 3);
  expect([simulator.maxConcurrency(), simulator.maxConcurrency('t1'), simulator.maxConcurrency('t2')]).toEqual([
    3, 2, 1,
  ]);
  expect(simulator.maxConcurrency('t3')).toBe(0);
  impatience.abort();
  await Promise.allSettled(hanging);
});

test('calls one after another are never two at once', async () => {
  await using simulator = await startSimulator({ latencyMs: 1 });
  for (let i = 0; i < 50; i++) await (await call(simulator.url, 't1')).text();
  expect(simulator.maxConcurrency()).toBe(1);
});

test('waiting for calls ends with the call, of that token only if asked', async () => {
  await using simulator = await startSimulator({ tokens: '*' });
  const order: string[] = [];
  const waits = [
    simulator.waitForCalls('t1', 2).then(() => order.push('two')),
    simulator.waitForCalls('t1', 1).then(() => order.push('one')),
    simulator.waitForCalls('t1', 1, 'b').then(() => order.push('of b')),
  ];
  await call(simulator.url, 't1', { token: 'a' });
  expect(order).toEqual(['one']);
  await call(simulator.url, 't1', { token: 'b' });
  await Promise.all(waits);
  expect(order).toEqual(['one', 'two', 'of b']);
  await simulator.waitForCalls('t1', 2);
});
