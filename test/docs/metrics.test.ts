import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { TICKET_SECRET, ticket } from '../security/ticket.ts';
import { startPair } from '../support/gateway.ts';
import { post } from '../support/http-client.ts';
import { describedMetrics } from '../support/scrape.ts';
import { findTool } from '../support/tools.ts';
import { Markdown } from './markdown.ts';

/** With every setting on which a metric depends. */
const EVERY_METRIC = {
  UPSTREAM_MAX_RPS: '1000',
  AUTH_MODE: 'jwt',
  AUTH_JWT_SECRET: TICKET_SECRET,
  AUTH_JWKS_URL: 'http://127.0.0.1:1/keys',
};

test('docs/metrics.md has a row for every metric, and no other row; promtool finds no fault', async () => {
  await using pair = await startPair(EVERY_METRIC);
  pair.simulator.addTask('task-1');
  const headers = { authorization: `Bearer ${await ticket()}` };
  expect((await post(pair.gateway.url, '{ videoTask(id: "task-1") { id } }', { headers })).status).toBe(200);
  const scrape = await (await fetch(`${pair.gateway.url}/metrics`)).text();
  const rows = describedMetrics(scrape).map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help,
  ]);
  expect((await Markdown.read('docs/metrics.md')).table('Metrics', 'metric')).toEqual(rows);
  const { status, stderr } = spawnSync(findTool('promtool'), ['check', 'metrics'], { input: scrape, encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
});
