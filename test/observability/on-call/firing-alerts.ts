import { execFile } from 'node:child_process';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../../docs/markdown.ts';
import { findTool } from '../../support/tools.ts';

const RULES = join(ROOT, 'examples/deploy/prometheus/alerts.yml');
const TARGET = 'job="video-task-gateway",instance="a:4000"';
/** Longer than the window and the `for` of every rule. */
const MINUTES = 20;
/** The machine of a test may be busy, which is no fault of the exercise. */
const LEFT_OUT = /^(?:nodejs|process)_/;

/** A scrape of a gateway and its time, in ms. */
export interface Scrape {
  readonly text: string;
  readonly at: number;
}

/** Calls, events or seconds per minute of a counter, where the exercise is quicker than a deployment; else undefined. */
export type PerMinute = (series: string) => number | undefined;

export async function takeScrape(gatewayUrl: string): Promise<Scrape> {
  const text = await (await fetch(`${gatewayUrl}/metrics`)).text();
  return { text, at: performance.now() };
}

/**
 * The alerts that Prometheus fires when a gateway goes on as between two scrapes: each counter grows at the rate that it
 * had, and each gauge stays. Sorted.
 */
export async function firingAlerts(
  first: Scrape,
  last: Scrape,
  perMinute: PerMinute = () => undefined,
): Promise<readonly string[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'alerts-'));
  const path = join(folder.path, 'exercise.json');
  const query = { expr: 'group by (alertname) (ALERTS{alertstate="firing"})', eval_time: `${MINUTES}m` };
  const exercise = { interval: '1m', input_series: extended(first, last, perMinute), promql_expr_test: [query] };
  await writeFile(path, JSON.stringify({ rule_files: [RULES], evaluation_interval: '30s', tests: [exercise] }));
  // The test expects no alert, so that promtool fails and names those that fire.
  const output = await promisify(execFile)(findTool('promtool'), ['test', 'rules', path]).then(
    () => null,
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stderr + stdout,
  );
  if (output === null) return [];
  const [, got] = /^ *got:(.*)$/m.exec(output) ?? [];
  if (got === undefined) throw new Error(`promtool: ${output}`);
  return Array.from(got.matchAll(/alertname=\\?"(\w+)/g), ([, name = '']) => name).toSorted();
}

/** The series of two scrapes as promtool reads them. */
function extended(first: Scrape, last: Scrape, perMinute: PerMinute): readonly object[] {
  const before = samplesOf(first.text);
  const counters = new Set(last.text.match(/(?<=^# TYPE )\S+(?= (?:counter|histogram)$)/gm));
  const minutes = Math.max(1, last.at - first.at) / 60_000;
  const series = [...samplesOf(last.text)].map(([name, value]) => {
    const family = /^\w+/.exec(name)?.[0] ?? '';
    const isCounter = counters.has(family) || counters.has(family.replace(/_(?:bucket|sum|count)$/, ''));
    const measured = isCounter ? (value - (before.get(name) ?? 0)) / minutes : 0;
    const step = perMinute(name) ?? measured;
    return { series: withTarget(name), values: `${value.toFixed(6)}+${step.toFixed(6)}x${MINUTES}` };
  });
  return [...series, { series: withTarget('up'), values: `1x${MINUTES}` }];
}

/** The values of a scrape by series, labels included. */
function samplesOf(text: string): ReadonlyMap<string, number> {
  const samples = Array.from(
    text.matchAll(/^(\w+(?:\{.*?\})?) (\S+)(?: # .*)?$/gm),
    ([, name = '', value]) => [name, Number(value)] as const,
  );
  return new Map(samples.filter(([name, value]) => Number.isFinite(value) && !LEFT_OUT.test(name)));
}

function withTarget(series: string): string {
  const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(series) ?? [];
  return `${name}{${labels === '' ? TARGET : `${labels},${TARGET}`}}`;
}
