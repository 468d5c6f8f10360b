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

/** What a query of a panel or the expression of a recording rule yields: one value per series. */
interface Evaluated {
  readonly title: string;
  readonly query: string;
  readonly values: readonly number[];
}

function evaluateAll(prometheus: PrometheusServer): Promise<readonly Evaluated[]> {
  const variables = { job: 'video-task-gateway', instance: '.+', __rate_interval: '1m' };
  const records = rules.flatMap(({ record, expr }) => (record === undefined ? [] : [[record, expr] as const]));
  return Promise.all(
    [...queries, ...records].map(async ([title, expr]) => {
      const query = Object.entries(variables).reduce((text, [name, value]) => text.replaceAll(`$${name}`, value), expr);
      return { title, query, values: await prometheus.query(query) };
    }),
  );
}

function withoutSeries(all: readonly Evaluated[]): readonly string[] {
  return all.filter(({ values }) => values.length === 0).map(({ title }) => title);
}

/** The results that Grafana shows as NaN or as an infinity. */
function notFinite(all: readonly Evaluated[]): readonly Evaluated[] {
  return all.filter(({ values }) => !values.every(Number.isFinite));
}

/** A query that the response cache may answer. */
async function query(gatewayUrl: string): Promise<void> {
  await (await fetch(`${gatewayUrl}/graphql?query={videoTask(id:"task-1"){id}}`)).text();
}

test('a Prometheus that scrapes a gateway evaluates every rule and has a number for every panel', async () => {
  await using pair = await startPair({ UPSTREAM_MAX_RPS: '1000' });
  const { gateway, simulator } = pair;
  await using prometheus = await PrometheusServer.start(gateway.url, { ruleFiles: [RULES] });
  simulator.addTask('task-1');
  await using client = await connect(gateway.url);
  client.subscribe('1', 'subscription { taskStatus(id: "task-1") { id } }');
  const faults: Evaluated[] = [];
  const empty = async () => {
    // Counters rise from one scrape to the next, so that their rates are above 0.
    await query(gateway.url);
    const all = await evaluateAll(prometheus);
    faults.push(...notFinite(all));
    return withoutSeries(all);
  };
  await expect.poll(empty, { interval: 250, timeout: 60_000 }).toEqual([]);
  expect(faults).toEqual([]);
  expect((await prometheus.rules()).filter(({ health }) => health !== 'ok')).toEqual([]);
  expect(await prometheus.rules()).toHaveLength(rules.length);
});

/** Shares and quantiles of events: they have no value while there are none. */
const OF_EVENTS = [
  'Calls avoided',
  'Clients per execution',
  'Response cache',
  'Duration of calls',
  'Lateness of polls',
  'video_task_gateway:fan_out:ratio',
  'video_task_gateway:calls_saved:ratio',
  'video_task_gateway:upstream_errors:ratio',
  'video_task_gateway:poll_lateness_seconds:p99',
];

test('a gateway that served and is idle has a number or nothing for every panel', async () => {
  await using pair = await startPair({ UPSTREAM_MAX_RPS: '1000' });
  const { gateway, simulator } = pair;
  simulator.setTask('task-1', { status: 'success', result: 'https://example.com/1.mp4' });
  await using client = await connect(gateway.url);
  client.subscribe('1', 'subscription { taskStatus(id: "task-1") { id } }');
  await client.ended('1');
  await query(gateway.url);
  // Every counter has its series, and none rises from here on.
  await using prometheus = await PrometheusServer.start(gateway.url, { ruleFiles: [RULES] });
  let all: readonly Evaluated[] = [];
  const missing = async () => {
    all = await evaluateAll(prometheus);
    return withoutSeries(all).filter((title) => !OF_EVENTS.includes(title));
  };
  await expect.poll(missing, { interval: 250, timeout: 60_000 }).toEqual([]);
  expect(notFinite(all)).toEqual([]);
  expect([...new Set(withoutSeries(all))]).toEqual(OF_EVENTS);
});
