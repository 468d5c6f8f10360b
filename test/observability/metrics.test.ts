import { spawnSync } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { startPair, TOKEN } from '../support/gateway.ts';
import { findTool } from '../support/tools.ts';
import { registerSdk, unregisterSdk } from './tracing/registered-sdk.ts';

afterEach(unregisterSdk);

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

test('OpenMetrics is there for a scraper that reads it, once the process has an SDK for traces', async () => {
  await using pair = await startPair();
  const scrape = async (accept: string) => {
    const response = await fetch(`${pair.gateway.url}/metrics`, { headers: { accept } });
    return { type: response.headers.get('content-type'), text: await response.text() };
  };
  const both = 'application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5';
  expect((await scrape(both)).type).toContain('text/plain');

  const exporter = registerSdk();
  pair.simulator.addTask('task-1');
  await ask(pair.gateway.url, 'task-1');
  const { type, text } = await scrape(both);
  expect(type).toContain('application/openmetrics-text');
  expect(text.endsWith('\n# EOF\n')).toBe(true);
  const spanIds = [...text.matchAll(/^video_task_gateway_upstream_call_seconds_bucket\{.*span_id="(\w+)"/gm)].map(
    ([, spanId]) => spanId,
  );
  expect(spanIds).not.toEqual([]);
  for (const spanId of spanIds)
    await expect
      .poll(() => exporter.getFinishedSpans().find((span) => span.spanContext().spanId === spanId)?.name)
      .toBe('POST /api/v1/video/awsResult');
  // A scraper that reads the older format alone gets no exemplars, which that format does not have.
  const plain = await scrape('text/plain');
  expect([plain.type, plain.text]).toEqual([
    expect.stringContaining('text/plain'),
    expect.not.stringContaining('trace_id'),
  ]);
});
