import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { startPair, TOKEN } from '../support/gateway.ts';
import { findTool } from '../support/tools.ts';

async function ask(url: string, id: string): Promise<void> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: `{ videoTask(id: "${id}") { status } }` }),
  });
  await answer.text();
}

async function metric(url: string, line: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${line.replace(/[{}"]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1]);
}

test('calls to A2E are counted by their outcome, and timed', async () => {
  await using pair = await startPair();
  pair.simulator.addTask('task-1');
  pair.simulator.fault({ kind: 'status', id: 'task-2', status: 503 });
  await ask(pair.gateway.url, 'task-1');
  await ask(pair.gateway.url, 'task-2');
  const calls = 'video_task_gateway_upstream_calls_total';
  expect(await metric(pair.gateway.url, `${calls}{outcome="200"}`)).toBe(1);
  expect(await metric(pair.gateway.url, `${calls}{outcome="503"}`)).toBe(1);
  expect(await metric(pair.gateway.url, 'video_task_gateway_upstream_call_seconds_count')).toBe(2);
});

test('responses that differ from the documented ones are counted by kind', async () => {
  await using pair = await startPair();
  const series = (kind: string): string => `video_task_gateway_upstream_anomalies_total{kind="${kind}"}`;
  // From 0, because `increase()` does not see the first event of a new series.
  for (const kind of ['contract-violation', 'wrong-task', 'unknown-status'])
    expect(await metric(pair.gateway.url, series(kind))).toBe(0);
  pair.simulator.fault({ kind: 'html', id: 'task-1' });
  await ask(pair.gateway.url, 'task-1');
  expect(await metric(pair.gateway.url, series('contract-violation'))).toBe(1);
});

test('the gauges count live objects, in the Prometheus text format, without a token', async () => {
  await using pair = await startPair();
  const answer = await fetch(`${pair.gateway.url}/metrics`);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  const text = await answer.text();
  expect(text).toMatch(/^video_task_gateway_ready 1$/m);
  expect(text).toMatch(/^video_task_gateway_watched_tasks 0$/m);
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
  expect(text).not.toContain(TOKEN);
});

test('a scrape passes promtool, and usual names have their usual types', async () => {
  await using pair = await startPair();
  pair.simulator.addTask('task-1');
  await ask(pair.gateway.url, 'task-1');
  const text = await (await fetch(`${pair.gateway.url}/metrics`)).text();
  const { status, stderr, stdout } = spawnSync(findTool('promtool'), ['check', 'metrics'], {
    input: text,
    encoding: 'utf8',
  });
  expect([status, stderr, stdout]).toEqual([0, '', '']);
  expect(text).toMatch(/^# TYPE process_cpu_seconds_total counter$/m);
  expect(text).toMatch(/^# TYPE process_resident_memory_bytes gauge$/m);
});
