import { expect, test } from 'vitest';
import type { FaultAction } from '../../src/simulator/fault.ts';
import { startSimulator } from '../../src/simulator/simulator.ts';
import { call, envelope, row } from './ask.ts';

async function struck(fault: FaultAction) {
  await using simulator = await startSimulator();
  simulator.setTask('t1', { status: 'process', process: 5 });
  simulator.fault(fault);
  const response = await call(simulator.url, 't1');
  const text = await response.text();
  expect(await row(simulator.url, 't1')).toMatchObject({ process: 5 });
  return { response, text };
}

test.each([
  [{ kind: 'status', status: 500 }, 500, /^\{"code":500/],
  [{ kind: 'status', status: 429, retryAfter: 7 }, 429, /429/],
  [{ kind: 'html' }, 200, /^<!DOCTYPE html>/],
  [{ kind: 'html', status: 404 }, 404, /404 Not Found/],
  [{ kind: 'bad-json' }, 200, /"_id":$/],
  [{ kind: 'json' }, 200, /"running"/],
  [{ kind: 'json', body: [1] }, 200, /^\[1\]$/],
  [{ kind: 'raw', body: 'NaN', status: 201, contentType: 'text/plain' }, 201, /^NaN$/],
  [{ kind: 'code', code: 1001, msg: 'no' }, 200, /^\{"code":1001,"msg":"no"/],
  [{ kind: 'data-object' }, 200, /"data":\{"_id":"t1"/],
  [{ kind: 'data-null' }, 200, /"data":null/],
  [{ kind: 'empty' }, 200, /"data":\[\]/],
  [{ kind: 'many-rows' }, 200, /another-task.*"_id":"t1".*yet-another-task/],
  [{ kind: 'other-id' }, 200, /"_id":"task-of-another-owner"/],
  [{ kind: 'row', row: { process: '7', extra: 1 }, omit: ['msg'] }, 200, /"t1","result":"","process":"7".*"extra":1/],
  [{ kind: 'drip', bytes: 100, everyMs: 1 }, 200, /^\{"code":0,.*\}\]\}$/],
  [{ kind: 'slow-headers', delayMs: 1 }, 200, /"t1"/],
  [{ kind: 'huge' }, 200, /^\{"code":0,.*\}\]\} {2097152}$/],
  [{ kind: 'gzip-bomb', bytes: 5_000_000 }, 200, /^\{"code":0,.*\}\]\} {5000000}$/],
  [{ kind: 'redirect', location: 'http://127.0.0.1:1/' }, 302, /moved/],
] satisfies [FaultAction, number, RegExp][])('%j', async (fault, status, body) => {
  const { response, text } = await struck(fault);
  expect(response.status).toBe(status);
  expect(text).toMatch(body);
});

test.each([7, 'Wed, 21 Oct 2099 07:28:00 GMT', 'soon'])('Retry-After is written as given: %s', async (retryAfter) => {
  const { response } = await struck({ kind: 'status', status: 503, retryAfter });
  expect(response.headers.get('retry-after')).toBe(String(retryAfter));
});

test('a gzip bomb is small on the wire', async () => {
  const { response } = await struck({ kind: 'gzip-bomb', bytes: 5_000_000 });
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(Number(response.headers.get('content-length'))).toBeLessThan(10_000);
});

test.each(['reset', 'truncated'] as const)('%s: the connection ends before the answer', async (kind) => {
  await using simulator = await startSimulator();
  simulator.fault({ kind, id: 'demo-success' });
  await expect(call(simulator.url, 'demo-success').then((response) => response.text())).rejects.toThrow();
  expect((await call(simulator.url, 'demo-success')).status).toBe(200);
});

test('hang: no answer comes until the caller gives up', async () => {
  await using simulator = await startSimulator();
  simulator.fault({ kind: 'hang' });
  const impatience = new AbortController();
  const answer = call(simulator.url, 'demo-success', { signal: impatience.signal });
  await simulator.waitForCalls('demo-success', 1);
  impatience.abort();
  await expect(answer).rejects.toThrow(/abort/i);
});

test.each(['stall', 'endless', 'drip'] as const)('%s: the headers come, the end does not', async (kind) => {
  await using simulator = await startSimulator();
  simulator.fault(kind === 'drip' ? { kind, everyMs: 3_600_000 } : { kind });
  const impatience = new AbortController();
  const response = await call(simulator.url, 'demo-success', { signal: impatience.signal });
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  let received = 0;
  while (received < (kind === 'endless' ? 3_000_000 : 1)) received += (await reader?.read())?.value?.length ?? 0;
  const rest = reader?.read().then(async (chunk) => (chunk.done ? chunk : await reader.closed));
  impatience.abort();
  await expect(rest).rejects.toThrow(/abort/i);
});

test('a fault hits the calls it is aimed at, the oldest first, and is then used up', async () => {
  await using simulator = await startSimulator({ tokens: '*' });
  simulator.fault({ kind: 'status', status: 500, id: 'demo-success', token: 'a', times: 2, after: 1 });
  simulator.fault({ kind: 'status', status: 503, id: 'demo-stuck', times: 'always' });
  const statuses = async (id: string, token: string, calls: number) => {
    const seen: number[] = [];
    for (let i = 0; i < calls; i++) seen.push((await call(simulator.url, id, { token })).status);
    return seen;
  };
  expect(await statuses('demo-success', 'b', 2)).toEqual([200, 200]);
  expect(await statuses('demo-success', 'a', 4)).toEqual([200, 500, 500, 200]);
  expect(await statuses('demo-stuck', 'b', 3)).toEqual([503, 503, 503]);
  simulator.clearFaults();
  expect(await statuses('demo-stuck', 'b', 1)).toEqual([200]);
});

test('a faulted call does not move a script that counts calls, unless it shows the row', async () => {
  await using simulator = await startSimulator();
  simulator.addTask('t1', { timeline: 'churn' });
  simulator.fault({ kind: 'status', status: 500 });
  simulator.fault({ kind: 'row', row: {} });
  await call(simulator.url, 't1');
  expect(await row(simulator.url, 't1')).toMatchObject({ process: 0 });
  expect(await row(simulator.url, 't1')).toMatchObject({ process: 1 });
});

test('down: connections are cut, calls are counted, and it comes back', async () => {
  await using simulator = await startSimulator();
  simulator.fault({ kind: 'hang' });
  const hanging = call(simulator.url, 'demo-success');
  await simulator.waitForCalls('demo-success', 1);
  simulator.setDown(true);
  await expect(hanging).rejects.toThrow();
  await expect(call(simulator.url, 'demo-success')).rejects.toThrow();
  await expect(fetch(`${simulator.url}/results/x.mp4`)).rejects.toThrow();
  expect(simulator.countFor('demo-success')).toBeGreaterThanOrEqual(2);
  simulator.setDown(false);
  expect((await envelope(simulator.url, 'demo-success')).data).toHaveLength(1);
});

test('a script that cannot be answered shows as a 500', async () => {
  await using simulator = await startSimulator({ now: () => Number.NaN });
  const response = await call(simulator.url, 'demo-success');
  expect(response.status).toBe(500);
  expect(await response.text()).toContain('simulator: RangeError');
});

test.each(['huge', 'gzip-bomb'] as const)('%s of an impossible size shows as a 500', async (kind) => {
  await using simulator = await startSimulator();
  simulator.fault({ kind, bytes: -1 });
  expect((await call(simulator.url, 'demo-success')).status).toBe(500);
});
