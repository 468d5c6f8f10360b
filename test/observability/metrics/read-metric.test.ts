import { expect, test } from 'vitest';
import { ReadMetric } from '../../../src/observability/metrics/read-metric.ts';

test('each scrape reads the value anew, below the same head', () => {
  let value = 1;
  const metric = new ReadMetric('gauge', { name: 'open_doors', help: 'Doors that are open' }, () => value);
  expect(metric.text()).toBe('# HELP open_doors Doors that are open\n# TYPE open_doors gauge\nopen_doors 1\n');
  value = 0.25;
  expect(metric.text()).toMatch(/\nopen_doors 0\.25\n$/);
});

test('each level of a reading is one label, in the order of the names; a later scrape may bring a new series', () => {
  const reading: Record<string, Record<string, number>> = { query: { completed: 2, failed: 0 } };
  const metric = new ReadMetric(
    'counter',
    { name: 'ends_total', help: 'Ends', labels: ['kind', 'outcome'] },
    () => reading,
  );
  const known = 'ends_total{kind="query",outcome="completed"} 2\nends_total{kind="query",outcome="failed"} 0\n';
  expect(metric.text()).toBe(`# HELP ends_total Ends\n# TYPE ends_total counter\n${known}`);
  reading['unknown'] = { rejected: 3 };
  expect(metric.text()).toMatch(
    new RegExp(`${RegExp.escape(known)}ends_total\\{kind="unknown",outcome="rejected"\\} 3\n$`),
  );
});
