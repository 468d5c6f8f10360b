import { expect } from 'vitest';
import { Markdown } from '../../docs/markdown.ts';
import type { Line, OutageGateway } from '../../support/outage-gateway.ts';
import { seriesValue } from '../../support/scrape.ts';
import { problems } from '../../support/status-events.ts';
import { firingAlerts, type PerMinute, takeScrape } from './firing-alerts.ts';

/** The level of pino from which a line needs a reason. */
const WARN = 40;
const PATIENCE = { interval: 200, timeout: 30_000 };
/** Late polls take 15 s to come about: the deadlines of a budget that is too small stretch step by step. */
const FIRES = { interval: 500, timeout: 60_000 };

const rows = (await Markdown.read('docs/alerts.md')).table('Alerts', 'alert');

/** The alerts of the runbook. */
export const ALERTS: readonly string[] = rows.map(([alert = '']) => codeIn(alert));

/** A fault that happens to a gateway now. */
export interface Exercise extends Pick<OutageGateway, 'gateway' | 'lines'> {
  /** Alerts that fire as well. */
  readonly also?: readonly string[];
  /** The rates of the fault in a deployment, where the exercise is quicker. */
  readonly perMinute?: PerMinute;
  /** How soon `/readyz` knows, in ms. */
  readonly withinMs?: number;
}

/**
 * Resolves once every cell of an alert's row in docs/alerts.md is true of the gateway, to the log line of the row; null:
 * the row says that there is none. The alert fires, and no other one but those of `also`.
 */
export async function expectRow(alert: string, exercise: Exercise): Promise<Line | null> {
  const { gateway, lines, also = [], perMinute, withinMs = PATIENCE.timeout } = exercise;
  const [, , metric = '', log = '', readiness = '', problem = ''] =
    rows.find(([cell]) => cell === `\`${alert}\``) ?? [];
  await expectMetric(gateway.url, metric, { ...PATIENCE, timeout: withinMs });
  const begun = await takeScrape(gateway.url);
  const line = log === 'none' ? null : await lines.find((each) => log.includes(`\`${each.msg}\` (${each.level})`));
  await expect.poll(() => readinessOf(gateway.url), { ...PATIENCE, timeout: withinMs }).toMatch(pattern(readiness));
  if (problem !== 'none') await problems(gateway.url).toContain(problem);
  await expect
    .poll(async () => firingAlerts(begun, await takeScrape(gateway.url), perMinute), FIRES)
    .toEqual([alert, ...also].toSorted());
  if (log === 'none') expect(lines.all.filter((each) => each.level >= WARN && !isOfBusyMachine(each))).toEqual([]);
  return line;
}

/** A cell such as `` `series` is 0 ``, `` `series` is above 0.5 `` or `` `series` rises ``. */
async function expectMetric(url: string, cell: string, patience: typeof PATIENCE): Promise<void> {
  const series = codeIn(cell);
  const value = async () => seriesValue((await takeScrape(url)).text, series);
  const [, relation, bound] = /^`.+` (is|is above|rises)(?: ([\d.]+))?$/.exec(cell) ?? [];
  const least = relation === 'rises' ? ((await value()) ?? 0) : Number(bound);
  if (relation === 'is') await expect.poll(value, patience).toBe(least);
  else await expect.poll(value, patience).toBeGreaterThan(least);
}

/** A2E and the gateway share the CPU, so that a call may wait longer than a short interval. */
function isOfBusyMachine({ msg, reason }: Line): boolean {
  return reason === 'SILENCE' || msg === 'A2E answers again';
}

async function readinessOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/readyz`);
  return `${answer.status} ${await answer.text()}`;
}

/** A cell such as `` 200 `"upstream":"away"` ``; a status alone wants a report without a fault. */
function pattern(cell: string): RegExp {
  const code = codeIn(cell);
  const rest = code === '' ? '(?!.*(?:away|refused))' : `.*${RegExp.escape(code)}`;
  return new RegExp(`^${cell.slice(0, 3)} ${rest}`);
}

function codeIn(cell: string): string {
  return /`([^`]*)`/.exec(cell)?.[1] ?? '';
}
