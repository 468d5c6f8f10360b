import { expect, test } from 'vitest';
import { remoteControl } from '../../src/simulator/remote-control.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { call, row } from './ask.ts';

test('everything can be done from another process', async () => {
  await using simulator = await startSimulator();
  const remote = remoteControl(simulator.url);
  await remote.addTask('t1', { timeline: [{ status: 'pending' }] });
  expect(await row(simulator.url, 't1')).toMatchObject({ status: 'pending' });
  await remote.setTask('t1', { status: 'fail', msg: 'no face' });
  expect(await row(simulator.url, 't1')).toMatchObject({ status: 'fail', msg: 'no face' });
  await remote.fault({ kind: 'status', status: 500, times: 'always' });
  expect((await call(simulator.url, 't1')).status).toBe(500);
  await remote.clearFaults();
  await remote.setAccess({ tokens: ['b'], refusal: 'http403' });
  await remote.setLatency(1);
  expect((await call(simulator.url, 't1')).status).toBe(403);
  await remote.removeTask('t1');
  expect(await row(simulator.url, 't1', { token: 'b' })).toBeUndefined();
  expect(await remote.callsFor('t1')).toEqual(simulator.callsFor('t1'));
  expect(await remote.callsFor('t1', 'b')).toHaveLength(1);
  expect(await remote.calls()).toEqual(simulator.calls());
  expect(await remote.callsPerToken()).toEqual(simulator.callsPerToken());
  expect(Object.values(simulator.callsPerToken())).toEqual([4, 1]);
  expect([await remote.totalCalls(), await remote.countFor('t1'), await remote.maxConcurrency()]).toEqual([5, 5, 1]);
  await remote.resetCounts();
  expect(simulator.totalCalls()).toBe(0);
  const waiting = remote.waitForCalls(null, 1);
  await call(simulator.url, 't1');
  await waiting;
});

test('it can be taken down and brought back through its own address', async () => {
  await using simulator = await startSimulator();
  const remote = remoteControl(simulator.url);
  await remote.setDown(true);
  await expect(call(simulator.url, 'demo-success')).rejects.toThrow();
  await remote.setDown(false);
  expect((await call(simulator.url, 'demo-success')).status).toBe(200);
});

test('mistakes are answered with their reason', async () => {
  await using simulator = await startSimulator();
  const post = async (method: string, body: string) => {
    const response = await fetch(`${simulator.url}/_sim/${method}`, { method: 'POST', body });
    return [response.status, await response.text()];
  };
  expect(await post('fault', '[{"kind":"earthquake"}]')).toEqual([400, expect.stringContaining('no fault earthquake')]);
  expect(await post('addTask', '["t1",{"timeline":"glorious"}]')).toEqual([
    400,
    expect.stringContaining('success, fail'),
  ]);
  expect(await post('addTask', '{}')).toEqual([400, expect.stringContaining('JSON array')]);
  expect(await post('constructor', '[]')).toEqual([404, expect.stringContaining('no constructor')]);
  await expect(remoteControl(simulator.url).addTask('t1', { timeline: [] })).rejects.toThrow(/at least one phase/);
});

test('`/_sim` says what there is', async () => {
  await using simulator = await startSimulator();
  expect(await (await fetch(`${simulator.url}/_sim`)).json()).toMatchObject({
    methods: expect.arrayContaining(['addTask', 'waitForCalls']),
    faultKinds: expect.arrayContaining(['gzip-bomb']),
    demoTasks: expect.arrayContaining([expect.objectContaining({ id: 'demo-success' })]),
  });
});
