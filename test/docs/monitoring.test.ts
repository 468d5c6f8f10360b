import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { startPair } from '../support/gateway.ts';
import { PrometheusServer } from '../support/prometheus-server.ts';
import { findTool } from '../support/tools.ts';
import { connect } from '../support/ws-client.ts';
import { Markdown, ROOT } from './markdown.ts';

const RULES = join(ROOT, 'examples/deploy/prometheus/alerts.yml');
const RULES_TEST = join(ROOT, 'examples/deploy/prometheus/alerts.test.yml');
const DASHBOARD = join(ROOT, 'examples/deploy/grafana/dashboard.json');

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const metrics = await Markdown.read('docs/metrics.md');
const alertPage = await Markdown.read('docs/alerts.md');
const groups = (parse(await readFile(RULES, 'utf8')) as { groups: readonly { rules: readonly Rule[] }[] }).groups;
const rules = groups.flatMap((group) => group.rules);
const { panels } = JSON.parse(await readFile(DASHBOARD, 'utf8')) as { readonly panels: readonly Panel[] };
const queries = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const));

test('promtool accepts the rules, and their own tests pass', () => {
  const { status, stdout, stderr } = spawnSync(findTool('promtool'), ['test', 'rules', RULES_TEST], {
    encoding: 'utf8',
  });
  expect([status, stderr], stdout).toEqual([0, '']);
});

test.each([RULES, RULES_TEST, DASHBOARD])('%s names metrics of the gateway alone', async (path) => {
  const known = new Set(metrics.table('Metrics', 'metric').map(([name = '']) => name.replaceAll('`', '')));
  const text = (await readFile(path, 'utf8')).replace(/^ *#.*$/gm, '');
  const named = text.match(/\b(?:video_task_gateway|process|nodejs)_\w+/g) ?? [];
  const unknown = named.filter((name) => !known.has(name) && !known.has(name.replace(/_(?:bucket|sum|count)$/, '')));
  expect([...new Set(unknown)]).toEqual([]);
  expect(named.length).toBeGreaterThan(10);
});

test('the runbook has a row for every alert, and each row a metric of the alert', () => {
  const runbook = alertPage.table('Alerts', 'alert');
  const alerts = rules.filter(({ alert }) => alert !== undefined);
  expect(runbook.map(([alert]) => alert)).toEqual(alerts.map(({ alert }) => `\`${alert}\``));
  const records = new Map(rules.map(({ record, expr }) => [record, expr]));
  for (const [index, [, , metric = '']] of runbook.entries()) {
    const { expr = '' } = alerts[index] ?? {};
    const whole = [...records].reduce((text, [record, of]) => (record ? text.replaceAll(record, of) : text), expr);
    expect(whole).toContain(/\w+/.exec(metric)?.[0].replace(/_sum$/, ''));
  }
});

test('a Prometheus that scrapes a gateway evaluates every rule and has data for every panel', async () => {
  await using stack = new AsyncDisposableStack();
  const { gateway, simulator } = stack.use(await startPair({ UPSTREAM_MAX_RPS: '1000' }));
  simulator.addTask('task-1');
  const client = stack.use(await connect(gateway.url));
  client.subscribe('1', 'subscription { taskStatus(id: "task-1") { id } }');
  await client.messages.find(({ type }) => type === 'next');
  const prometheus = stack.use(await PrometheusServer.start(gateway.url, RULES));
  const settled =
    'count_over_time(video_task_gateway:calls_saved:ratio[1m]) > 1 and on () video_task_gateway:fan_out:ratio';
  await expect.poll(() => prometheus.query(settled), { interval: 250, timeout: 60_000 }).toBe(1);
  const variables = { job: 'video-task-gateway', instance: '.+', __rate_interval: '1m' };
  const empty: string[] = [];
  for (const [title, expr] of queries) {
    const query = Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), expr);
    if ((await prometheus.query(query)) === 0) empty.push(`${title}: ${query}`);
  }
  expect(empty).toEqual([]);
  expect((await prometheus.rules()).filter(({ health }) => health !== 'ok')).toEqual([]);
  expect(await prometheus.rules()).toHaveLength(rules.length);
});
