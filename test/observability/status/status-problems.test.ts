import { describe, expect, test } from 'vitest';
import { StatusHistory } from '../../../src/observability/status/status-history.ts';
import { PROBLEMS } from '../../../src/observability/status/status-problems.ts';
import type { StatusReading } from '../../../src/observability/status/status-reading.ts';
import { reportOf } from '../../../src/observability/status/status-report.ts';
import { Markdown } from '../../docs/markdown.ts';
import { readingAt } from './readings.ts';

type Values = Partial<StatusReading>;

/** The problems after these readings, which are 5 s apart. */
function problemsAfter(...readings: readonly Values[]) {
  const history = new StatusHistory(180);
  for (const [index, values] of readings.entries()) history.add(readingAt(5 * index, values));
  return reportOf(history, '')?.problems ?? [];
}

function kindsAfter(...readings: readonly Values[]): readonly string[] {
  return problemsAfter(...readings).map(({ kind }) => kind);
}

function upstream(state: 'ok' | 'away' | 'refused'): Values {
  return { readiness: { ready: state !== 'refused', phase: 'ready', upstream: state, cluster: 'connected' } };
}

describe('the problems of the operator page', () => {
  test.each<[kind: string, after: Values, text: string]>([
    ['a2e-away', { ...upstream('away'), watched: 10, stale: 9 }, '9 of 10 tasks are stale'],
    ['a2e-token-refused', upstream('refused'), 'Renew A2E_API_TOKEN'],
    ['a2e-rate-limited', { circuits: { closed: 0, open: 0, paused: 1, refused: 0 } }, 'UPSTREAM_MAX_RPS'],
    ['budget-exhausted', { delayMs: 2_300 }, 'Polls run 2.3 s late'],
    ['tenant-failing', { calls: { 200: 95, 404: 5, 503: 20 } }, '20 of 120 calls failed'],
    ['slow-clients', { stalled: 2 }, '2 clients that read nothing'],
    ['slow-clients', { conflated: 11, delivered: 100 }, '11 updates were replaced'],
    ['clients-refused', { refusals: { flood: 3, rate_limited: 1, host: 9 } }, 'flood 3, rate limited 1.'],
    ['event-loop-blocked', { lagMs: 600 }, 'Timers are 0.6 s late'],
    ['memory-near-limit', { heapBytes: 81, heapLimitBytes: 100 }, 'MAX_CONNECTIONS'],
    ['log-lines-dropped', { droppedLogLines: 1 }, 'Free the disk'],
  ])('%s', (kind, after, text) => {
    expect(kindsAfter({})).toEqual([]);
    expect(problemsAfter({}, after)).toEqual([expect.objectContaining({ kind, text: expect.stringContaining(text) })]);
  });

  test.each([
    ['redis-away', { cluster: 'away' }],
    ['key-set-away', { keySet: 'away' }],
  ] as const)('%s', (kind, parts) => {
    const readiness = { ready: true, phase: 'ready', upstream: 'ok', cluster: 'connected', ...parts } as const;
    expect(kindsAfter({}, { readiness })).toEqual([kind]);
  });

  test('a few failures, an unknown task and a pause of A2E are no failing tenant', () => {
    expect(kindsAfter({}, { calls: { 200: 10, 404: 50, 429: 50, 503: 2 } })).toEqual([]);
  });

  test('the failures of an outage are no failing tenant, during it and after it', () => {
    const outage = { calls: { 200: 10, ECONNREFUSED: 40 }, ...upstream('away') };
    expect(kindsAfter({}, outage)).toEqual(['a2e-away']);
    expect(kindsAfter({}, outage, { calls: { 200: 20, ECONNREFUSED: 40 } })).toEqual([]);
    expect(kindsAfter({}, { calls: { ECONNREFUSED: 40 } })).toEqual([]);
  });

  test('a refusal is a problem for a minute', () => {
    const refused = { refusals: { flood: 1 } };
    const minute = Array.from({ length: 12 }, () => refused);
    expect(kindsAfter({}, ...minute)).toEqual(['clients-refused']);
    expect(kindsAfter({}, ...minute, refused)).toEqual([]);
  });
});

test('docs/status.md has a row for every problem, and docs/alerts.md names no other', async () => {
  const rows = (await Markdown.read('docs/status.md')).table('Problems', 'problem');
  expect(rows.map(([title, level]) => [title, level])).toEqual(PROBLEMS.map(({ title, level }) => [title, level]));
  const { tables } = { tables: (await Markdown.read('docs/alerts.md')).table('Alerts', 'alert') };
  const titles = new Set(PROBLEMS.map(({ title }) => title));
  const named = tables.map((cells) => cells[5] ?? '').filter((cell) => cell !== 'none');
  expect(named.filter((title) => !titles.has(title))).toEqual([]);
  expect(named.length).toBeGreaterThan(8);
});
