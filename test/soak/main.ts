import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { tableOf } from './report.ts';
import { soak } from './soak.ts';

/**
 * `npm run soak -- --minutes 60 [--seed N] [--report FILE]`: three gateways, a Redis, a simulated A2E and many clients,
 * with faults now and then. Checks the invariants of docs/soak.md meanwhile, and exits with 1 when one is broken, or when the
 * machine was too busy to tell.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    /** The same seed replays the same plan. */
    seed: { type: 'string' },
    /** Where the verdict is written as JSON. */
    report: { type: 'string' },
  },
});

const minutes = Number(values.minutes);
const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error('usage: npm run soak -- --minutes 60 [--seed N] [--report FILE]');
  process.exit(2);
}
console.log(`soak of ${minutes} minutes with seed ${seed}`);
const report = await soak({ minutes, seed, write: console.log });
console.log(tableOf(report));
if (values.report !== undefined) await writeFile(values.report, `${JSON.stringify(report, null, 2)}\n`);
process.exit(report.outcome === 'kept' ? 0 : 1);
