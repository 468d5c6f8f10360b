import { expect, test } from 'vitest';
import { soak } from './soak.ts';

/** Its faults: A2E answers HTML, a gateway is killed, Redis is killed, a clock steps. */
const SEED = 38;

test('two minutes of clients, tasks and faults break no invariant', async () => {
  // A busy machine makes the outcome "inconclusive", which is no failure here.
  const { violations, counts, gateways } = await soak({ minutes: 2, seed: SEED, write: console.log });
  expect(violations).toEqual([]);
  expect(counts).toMatchObject({ clients: 60, tasks: 16, faults: 4 });
  expect(counts.updates).toBeGreaterThan(counts.clients);
  expect(gateways).toHaveLength(3);
}, 400_000);
