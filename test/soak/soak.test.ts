import { expect, test } from 'vitest';
import { tableOf } from './report.ts';
import { soak } from './soak.ts';

/** Its faults: Redis's clock steps back by an hour for 5 s, A2E is down, Redis is killed, a gateway is killed. */
const SEED = 1_383;

test('two minutes of clients, tasks and faults break no invariant', async () => {
  const report = await soak({ minutes: 2, seed: SEED, write: console.log });
  // A busy machine makes the outcome "inconclusive", which is no failure here.
  console.log(tableOf(report));
  const { violations, counts, gateways } = report;
  expect(violations).toEqual([]);
  expect(counts).toMatchObject({ clients: 60, tasks: 16, faults: 4 });
  expect(counts.updates).toBeGreaterThan(counts.clients);
  expect(gateways).toHaveLength(3);
}, 400_000);
