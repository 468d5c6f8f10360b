import { describe, expect, test } from 'vitest';
import { DEMO_TASKS } from '../../src/simulator/demo-tasks.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { SAMPLE_ROW } from '../upstream/upstream-server.ts';
import { call, envelope, row } from './ask.ts';

const NOON = Date.parse('2026-01-02T12:00:00.000Z');

describe('a task on its timeline', () => {
  test('goes through every documented stage by the clock', async () => {
    let now = NOON;
    await using simulator = await startSimulator({ now: () => now });
    simulator.addTask('t1');
    const seen: unknown[] = [];
    for (const seconds of [0, 3, 6, 12, 22, 32, 36]) {
      now = NOON + seconds * 1000;
      const { status, process } = (await row(simulator.url, 't1')) ?? {};
      seen.push([status, process]);
    }
    expect(seen).toEqual([
      ['init', undefined],
      ['start', undefined],
      ['pending', undefined],
      ['process', 0],
      ['process', 49],
      ['copy', 100],
      ['success', 100],
    ]);
  });

  test('shows fields only once they would exist, and the clock in UTC+8', async () => {
    let now = NOON;
    await using simulator = await startSimulator({ now: () => now });
    simulator.addTask('t1');
    const first = await row(simulator.url, 't1');
    expect(Object.keys(first ?? {})[0]).toBe('_id');
    expect(first).toMatchObject({ _id: 't1', result: '', msg: '', createdAt: '2026-01-02T12:00:00.000Z', diff_s: 0 });
    expect(first).not.toHaveProperty('process');
    expect(first).not.toHaveProperty('result_people_url');
    now += 3_600_500;
    const last = await row(simulator.url, 't1');
    expect(last).toMatchObject({ diff_s: 3600, current_date: '2026-01-02 21:00:00', custom_backs_id: null });
    expect(Object.keys(last ?? {})).toHaveLength(17);
    expect(last?.result).toBe(`${simulator.url}/results/t1.mp4`);
  });

  test('can be scripted by calls, by the clock and with faults in between', async () => {
    await using simulator = await startSimulator({ now: () => NOON });
    simulator.addTask('t1', {
      timeline: [
        { fault: { kind: 'empty' }, forCalls: 1 },
        { status: 'process', progress: [10, 30], forCalls: 3 },
        { fault: { kind: 'status', status: 503 }, forCalls: 1 },
        { status: 'success', msg: 'done', row: { color: 'red' } },
      ],
    });
    expect(await envelope(simulator.url, 't1')).toEqual({ code: 0, data: [] });
    for (const process of [10, 20, 30]) expect(await row(simulator.url, 't1')).toMatchObject({ process });
    expect((await call(simulator.url, 't1')).status).toBe(503);
    expect(await row(simulator.url, 't1')).toMatchObject({ status: 'success', msg: 'done', color: 'red' });
  });

  test('repeats on request, and refuses scripts that cannot work', async () => {
    await using simulator = await startSimulator();
    simulator.addTask('t1', { timeline: { phases: [{ progress: [0, 1], forCalls: 2 }], repeat: true } });
    for (const process of [0, 1, 0, 1]) expect(await row(simulator.url, 't1')).toMatchObject({ process });
    expect(() => simulator.addTask('t2', { timeline: [] })).toThrow(RangeError);
    expect(() => simulator.addTask('t2', { timeline: { phases: [{}], repeat: true } })).toThrow(RangeError);
    const backwards = { phases: [{ forMs: -1 }], repeat: true };
    expect(() => simulator.addTask('t2', { timeline: backwards })).toThrow(RangeError);
  });

  test('may be older than it is, and faster', async () => {
    await using simulator = await startSimulator({ now: () => NOON, speed: 10 });
    simulator.addTask('t1', { ageMs: 400 });
    simulator.addTask('t2', { ageMs: 400, speed: 100 });
    expect(await row(simulator.url, 't1')).toMatchObject({ status: 'start' });
    expect(await row(simulator.url, 't2')).toMatchObject({ status: 'success' });
  });
});

describe('a task set by hand', () => {
  test('stays as it was set, and keeps nothing of an earlier patch', async () => {
    let now = NOON;
    await using simulator = await startSimulator({ now: () => now });
    simulator.setTask('t1', { status: 'process', process: 40, msg: 'working' });
    now += 3_600_000;
    expect(await row(simulator.url, 't1')).toMatchObject({
      status: 'process',
      process: 40,
      msg: 'working',
      diff_s: 3600,
    });
    simulator.setTask('t1', { status: 'success', result_bg_url: undefined });
    const done = await row(simulator.url, 't1');
    expect(done).toMatchObject({ status: 'success', process: 100, msg: '' });
    expect(done).not.toHaveProperty('result_bg_url');
    simulator.removeTask('t1');
    expect(await envelope(simulator.url, 't1')).toEqual({ code: 0, data: [] });
  });

  test('is another one for another token', async () => {
    await using simulator = await startSimulator({ tokens: ['a', 'b', 'c'] });
    simulator.setTask('t1', { status: 'process', process: 1 }, 'a');
    simulator.addTask('t1', { timeline: 'finished', owner: ['b'] });
    expect(await row(simulator.url, 't1', { token: 'a' })).toMatchObject({ status: 'process', process: 1 });
    expect(await row(simulator.url, 't1', { token: 'b' })).toMatchObject({ status: 'success' });
    expect(await row(simulator.url, 't1', { token: 'c' })).toBeUndefined();
    simulator.removeTask('t1', 'a');
    expect(await row(simulator.url, 't1', { token: 'a' })).toBeUndefined();
    expect(await row(simulator.url, 't1', { token: 'b' })).toBeDefined();
  });
});

describe('tasks that were not added', () => {
  test('are those of the demo, each from its beginning, any number of times', async () => {
    await using simulator = await startSimulator();
    for (const { id, options } of DEMO_TASKS.filter((task) => task.id !== 'demo-late')) {
      const { code, data } = await envelope(simulator.url, id);
      expect([id, code, data.length]).toEqual([id, 0, options ? 1 : 0]);
    }
    expect(await row(simulator.url, 'demo-success-2')).toMatchObject({ _id: 'demo-success-2', status: 'init' });
    expect(await row(simulator.url, 'demo-successor')).toBeUndefined();
  });

  test("include the example of the vendor's page", async () => {
    await using simulator = await startSimulator({ now: () => Date.parse('2023-10-11T07:12:11.000Z') });
    expect(await row(simulator.url, SAMPLE_ROW._id)).toEqual({
      ...SAMPLE_ROW,
      result: `${simulator.url}/results/${SAMPLE_ROW._id}.mp4`,
    });
  });

  test('are as `autoCreate` says', async () => {
    await using simulator = await startSimulator({
      tokens: '*',
      autoCreate: (id, token) => (id === 'mine' ? { timeline: 'churn', owner: token } : id.startsWith('load-')),
    });
    expect(await row(simulator.url, 'load-1')).toMatchObject({ status: 'init' });
    expect(await row(simulator.url, 'mine', { token: 'a' })).toMatchObject({ process: 0 });
    expect(await row(simulator.url, 'mine', { token: 'a' })).toMatchObject({ process: 1 });
    expect(await row(simulator.url, 'mine', { token: 'b' })).toMatchObject({ process: 0 });
    expect(await row(simulator.url, 'other')).toBeUndefined();
  });
});
